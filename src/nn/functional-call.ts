// Running a module with other tensors in the place of its own, and checking its gradients with float64 ones.
import { gradcheck, gradgradcheck } from "../autograd/gradcheck.ts";
import type { GradcheckOptions } from "../autograd/gradcheck.ts";
import { FormatError, ValueError } from "../core/errors.ts";
import { isFloating } from "../core/dtype.ts";
import { replayDraws, traceDraws } from "../core/rng.ts";
import { detach, to } from "../ops/creation.ts";
import { noGrad } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** Tensors by state-dict key. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

type Forward = (...inputs: never[]) => unknown;

/**
 * `module.forward(...inputs)` with `tensors` in the place of parameters and buffers of those keys; the module is as
 * before afterwards. A tensor that the module has in several places is replaced in all of them. Gradients flow to the
 * tensors given: with this a model is a function of its weights.
 *
 * @throws FormatError for keys that the module does not have; ValueError where forward returns a promise.
 */
export function functionalCall<M extends Module & { forward: Forward }>(
  module: M,
  tensors: NamedTensors,
  ...inputs: Parameters<M["forward"]>
): ReturnType<M["forward"]> {
  const isMap = (named: NamedTensors): named is ReadonlyMap<string, Tensor> => named instanceof Map;
  const given: ReadonlyMap<string, Tensor> = isMap(tensors) ? tensors : new Map(Object.entries(tensors));
  const slots = module.slots();
  const replacements = new Map(
    slots.flatMap(({ key, tensor }) => (given.has(key) ? [[tensor, given.get(key)!] as const] : [])),
  );
  const keys = new Set(slots.map(({ key }) => key));
  const unknown = [...given.keys()].filter((key) => !keys.has(key));
  if (unknown.length > 0)
    throw new FormatError("functionalCall", `keys must be the module's; got ${unknown.join(", ")}.`);
  const changed = slots.filter(({ tensor }) => replacements.has(tensor));
  try {
    for (const { tensor, replace } of changed) replace(replacements.get(tensor)!);
    const result = module.forward(...inputs) as ReturnType<M["forward"]>;
    if (typeof (result as { then?: unknown } | null)?.then === "function")
      throw new ValueError("functionalCall", "forward must be synchronous; got one that returned a promise.");
    return result;
  } finally {
    for (const { tensor, replace } of changed) replace(tensor);
  }
}

export interface GradcheckModuleOptions extends GradcheckOptions {
  /** Check second derivatives too; default false. */
  readonly secondOrder?: boolean;
}

/**
 * Checks the gradients of a module by its inputs and parameters against finite differences, with float64 copies of all
 * of them on device "reference"; the module itself stays as it is. Every evaluation draws the same random numbers, so
 * dropout may be in it.
 *
 * @param inputs what forward takes, of any device; those that require a gradient are checked.
 * @throws GradError as `gradcheck` does.
 */
export function gradcheckModule(
  module: Module & { forward: Forward },
  inputs: readonly Tensor[],
  { secondOrder = false, ...options }: GradcheckModuleOptions = {},
): true {
  return scope((): true => {
    const parameters = module.namedParameters();
    const buffers = new Map(module.namedBuffers().map(([key, buffer]) => [key, double(buffer)]));
    const leaves = [...inputs, ...parameters.map(([, p]) => p)].map((x) =>
      double(x).setRequiresGrad(x.requiresGrad && isFloating(x.dtype)),
    );
    const run = (...all: Tensor[]): Tensor => {
      const own = parameters.map(([key], i) => [key, all[inputs.length + i]] as const);
      const given = all.slice(0, inputs.length) as never[];
      return functionalCall(module, new Map([...buffers, ...own]), ...given) as Tensor;
    };
    const { draws } = traceDraws(() => noGrad<Tensor>(() => run(...leaves)));
    const fn = (...all: Tensor[]): Tensor => replayDraws(draws, () => run(...all));
    gradcheck(fn, leaves, options);
    if (secondOrder) gradgradcheck(fn, leaves, options);
    return true;
  });
}

// A copy, also of what is float64 already.
const double = (x: Tensor): Tensor => {
  const local = detach(x);
  return detach(to(local, { device: "reference", ...(isFloating(x.dtype) && { dtype: "float64" }) }));
};
