// Activation checkpointing: a part of a network keeps nothing but its inputs, and runs a second time when its gradients
// are asked for (Chen et al. 2016, "Training deep nets with sublinear memory cost").
import { replayDraws, traceDraws } from "../core/rng.ts";
import type { Generator, GeneratorState } from "../core/rng.ts";
import { GradError } from "../core/errors.ts";
import { add } from "../ops/algebra.ts";
import { detach } from "../ops/creation.ts";
import { recordMany } from "../tensor/apply.ts";
import { isRecording, withRecomputing, withRecording } from "../tensor/mode.ts";
import { nextNodeId } from "../tensor/node.ts";
import { Scope } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { graphPrimitive } from "./graph-function.ts";
import type { Gradients } from "./graph-function.ts";
import { walkBackward } from "./walk.ts";

type Result = Tensor | readonly Tensor[];

/**
 * `fn(...inputs)`, computed again in backward instead of keeping what its ops saved. Gradients of any order reach the
 * inputs and every tensor that `fn` uses besides, parameters above all. The second run draws the same random numbers and
 * puts the streams back; layers leave running statistics alone in it (see `isRecomputing`).
 *
 * Memory: while `fn` runs, and while it runs again, that of `fn` alone; in between its inputs and outputs.
 *
 * `fn` must compute the same both times. Tensors that it uses without being given them must live until backward.
 *
 * @throws GradError in backward where the second run uses other tensors than the first.
 */
export function checkpoint<const I extends readonly Tensor[], Y extends Result>(
  fn: (...inputs: I) => Y,
  ...inputs: I
): Y {
  for (const x of inputs) x.assertAlive("checkpoint");
  if (!isRecording()) return fn(...inputs);
  const boundary = nextNodeId();
  const scope = new Scope("checkpoint");
  let made: Tensor[] = [];
  try {
    const { result, draws } = traceDraws(() => fn(...inputs));
    const list = asList(result);
    // The graph of this first run tells which tensors have a part in the result, and is dropped.
    const sources = uniqueInputs(inputs, usedBefore(list, boundary));
    made = list.map(({ storage, view }, slot) => new Tensor(storage, view, "checkpoint", null, slot));
    const names = sources.map((_, i) => `x${String(i)}`);
    const p = graphPrimitive<null>({
      name: "checkpoint",
      inputs: names,
      outputs: list.map((_, i) => `y${String(i)}`),
      saves: names.slice(0, inputs.length),
      backward: (grads, saved, _attrs, needs, recorded) =>
        recompute(
          // Its inputs come back as a list of the length that they had; the tuple type is lost on the way.
          { fn: fn as unknown as Run, sources, given: inputs.length, draws },
          grads,
          saved,
          needs,
          recorded,
        ),
    });
    recordMany(p, sources, null, made);
    // `made` has the form of `result`, tensor or list, which TypeScript cannot follow through the condition.
    return (result instanceof Tensor ? made[0] : made) as unknown as Y;
  } finally {
    scope.close(made);
  }
}

type Run = (...inputs: Tensor[]) => Result;

interface Checkpointed {
  readonly fn: Run;
  /** The inputs given, and behind them the tensors that `fn` used besides. */
  readonly sources: readonly Tensor[];
  readonly given: number;
  readonly draws: ReadonlyMap<Generator, GeneratorState>;
}

const asList = (result: Result): readonly Tensor[] => (result instanceof Tensor ? [result] : result);

/** Tensors with a gradient, made before the boundary, that the outputs were made of. */
function usedBefore(outputs: readonly Tensor[], boundary: number): Tensor[] {
  const found: Tensor[] = [];
  const seen = new Set<object>();
  const stack = [...outputs];
  for (let x = stack.pop(); x !== undefined; x = stack.pop()) {
    const { node } = x;
    if (node === null) continue;
    if (node.id < boundary) {
      found.push(x);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    node.inputs.forEach((input, i) => {
      if (node.parents[i] !== null) stack.push(input);
    });
  }
  return found;
}

const isSame = (a: Tensor, b: Tensor): boolean => a.node === b.node && a.slot === b.slot;

function uniqueInputs(inputs: readonly Tensor[], others: readonly Tensor[]): Tensor[] {
  const all = [...inputs];
  for (const x of others) if (!all.some((known) => isSame(known, x))) all.push(x);
  return all;
}

function recompute(
  { fn, sources, given, draws }: Checkpointed,
  grads: Gradients,
  saved: Readonly<Record<string, Tensor>>,
  needs: readonly boolean[],
  recorded: boolean,
): Gradients {
  const inputs = sources.slice(0, given).map((_, i) => {
    const x = saved[`x${String(i)}`];
    // Recorded, it stands where it stood in the graph; else it is a leaf of this run alone.
    return recorded || !needs[i] ? x : detach(x).setRequiresGrad(true);
  });
  const targets = [...inputs, ...sources.slice(given)];
  const boundary = nextNodeId();
  const outputs = withRecording(true, () =>
    withRecomputing(() => replayDraws(draws, () => asList(fn(...inputs)))),
  );
  const seeds = outputs.flatMap((output, k) => {
    const gradient = grads[k];
    return gradient !== null && output.node !== null ? [{ output, gradient }] : [];
  });
  const found = new Array<Tensor | null>(targets.length).fill(null);
  const options = { createGraph: recorded, retainGraph: recorded, boundary };
  walkBackward(
    "checkpoint",
    seeds,
    (node) => node.id < boundary,
    0,
    options,
    (node, gradients) =>
      gradients.flatMap((gradient, slot) => {
        if (gradient === null) return [];
        const isIt = (x: Tensor): boolean => x.node === node && x.slot === slot;
        const target = targets.findIndex(isIt);
        // An input may be met as itself too, where the function knows it from outside.
        const i = target >= 0 ? target : sources.findIndex(isIt);
        if (i < 0) throw changed(node.primitive?.name ?? "a leaf");
        const before = found[i];
        found[i] = before === null ? handleOf(gradient) : add(before, gradient);
        return [found[i]];
      }),
  );
  return found;
}

const handleOf = ({ storage, view, node, slot }: Tensor): Tensor =>
  new Tensor(storage, view, "checkpoint", node, slot);

const changed = (what: string): GradError =>
  new GradError(
    "checkpoint",
    `the function must use the same tensors both times; got a result of ${what} that the first run did not use.`,
  );
