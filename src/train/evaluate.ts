// Evaluation: a model over a dataset without gradients, its loss and metrics averaged or gathered over all samples.
import { ValueError } from "../core/errors.ts";
import { Pacer } from "../data/event-loop.ts";
import type { HostArray } from "../data/host-array.ts";
import type { DataLoader } from "../data/loader.ts";
import type { Module } from "../nn/module.ts";
import { noGrad } from "../tensor/mode.ts";
import { keep, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Metric } from "./metrics.ts";

/** A model that `fit` and `evaluate` can run: tensors in, one tensor out. */
export type Model = Module & { forward(...inputs: Tensor[]): Tensor };

/** The loss of one batch, a scalar averaged over its samples: what the model put out, and the last field of the data. */
export type Loss = (output: Tensor, target: Tensor) => Tensor;

export type Metrics = Readonly<Record<string, Metric<unknown>>>;

export interface EvaluateOptions<M extends Metrics> {
  readonly loss?: Loss;
  readonly metrics?: M;
  /** Called with each batch's output and target in host memory. */
  readonly onBatch?: (output: HostArray, target: HostArray) => void;
  readonly signal?: AbortSignal;
}

/** The mean loss (NaN where none was asked for) and what each metric computed. */
export interface Evaluation<M extends Metrics> {
  readonly loss: number;
  readonly metrics: { readonly [K in keyof M]: M[K] extends Metric<infer T> ? T : never };
  /** Samples seen. */
  readonly samples: number;
}

/** The inputs of a batch and its target, which is the last field. */
export function inputsAndTarget(op: string, fields: readonly Tensor[]): [inputs: Tensor[], target: Tensor] {
  if (fields.length >= 2) return [fields.slice(0, -1), fields[fields.length - 1]];
  const got = `${String(fields.length)} field(s)`;
  throw new ValueError(op, `a batch must hold at least one input and, last, the target; got ${got}.`);
}

/**
 * Runs the model over the first epoch of a loader, in evaluation mode and without gradients. The model's mode is put
 * back afterwards. The event loop gets a turn at least every 50 ms.
 *
 * @throws What `signal` was aborted with, when it is.
 */
export async function evaluate<M extends Metrics = Record<string, never>>(
  model: Model,
  data: DataLoader,
  { loss, metrics, onBatch, signal }: EvaluateOptions<M> = {},
): Promise<Evaluation<M>> {
  const gatherers: readonly (readonly [string, Metric<unknown>])[] = Object.entries(metrics ?? {});
  for (const [, metric] of gatherers) metric.reset();
  const pacer = new Pacer();
  const restoreModes = rememberModes(model);
  model.eval();
  let total = 0;
  let samples = 0;
  try {
    for (let index = 0; index < data.length; index++) {
      if (pacer.due) await pacer.turn();
      signal?.throwIfAborted();
      const batch = scope("evaluate", () => noGrad(() => forward(model, data, index, loss)));
      const kept = [batch.output, batch.target, ...(batch.loss ? [batch.loss] : [])].map(keep);
      try {
        const count = batch.target.shape[0];
        if (batch.loss) total += (await batch.loss.item()) * count;
        samples += count;
        const output = await download(batch.output);
        const target = await download(batch.target);
        for (const [, metric] of gatherers) metric.update(output, target);
        onBatch?.(output, target);
      } finally {
        for (const tensor of kept) tensor.dispose();
      }
    }
  } finally {
    restoreModes();
  }
  return {
    loss: loss ? total / samples : NaN,
    metrics: Object.fromEntries(
      gatherers.map(([name, metric]) => [name, metric.compute()]),
    ) as Evaluation<M>["metrics"],
    samples,
  };
}

/** Notes which modules are in training mode, parts that the user froze included; the result puts that back. */
export function rememberModes(model: Module): () => void {
  const modes = model.modules().map((module) => [module, module.training] as const);
  return () => {
    for (const [module, training] of modes) module.training = training;
  };
}

interface BatchResult {
  readonly output: Tensor;
  readonly target: Tensor;
  readonly loss: Tensor | null;
}

function forward(model: Model, data: DataLoader, index: number, loss: Loss | undefined): BatchResult {
  const [inputs, target] = inputsAndTarget("evaluate", data.batch(0, index));
  const output = model.forward(...inputs);
  return { output, target, loss: loss ? loss(output, target) : null };
}

const download = async (x: Tensor): Promise<HostArray> => ({
  data: await x.data(),
  shape: x.shape,
  dtype: x.dtype,
});
