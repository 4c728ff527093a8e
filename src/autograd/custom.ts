// Functions with gradients of the user's own: straight-through estimators, solvers, anything whose derivative is better
// known than what the ops inside would give.
import { ValueError } from "../core/errors.ts";
import { recordMany } from "../tensor/apply.ts";
import { withRecording } from "../tensor/mode.ts";
import { Scope } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { graphPrimitive } from "./graph-function.ts";

type Named<K extends string> = Readonly<Record<K, Tensor>>;
type Result = Tensor | readonly Tensor[];
type Incoming<Y> = Y extends Tensor ? Tensor : readonly (Tensor | null)[];

export interface CustomFunction<I extends readonly string[], S extends string, O, Y extends Result> {
  /** The function as error messages call it. */
  readonly name: string;
  /** Names of the tensors it takes, in order. */
  readonly inputs: I;
  /** Names of the tensors it returns; default: one, "y". */
  readonly outputs?: readonly string[];
  /** Names of the inputs and outputs that `backward` reads; nothing else is kept alive for it. */
  readonly saves?: readonly S[];
  /** Computes the outputs; not recorded. */
  readonly forward: (inputs: Named<I[number]>, options: O) => Y;
  /**
   * Per input its gradient, given that of the output (a list with nulls where there are several). Written in
   * differentiable ops it can be differentiated again. `needs` says which gradients will be used.
   */
  readonly backward: (
    g: Incoming<Y>,
    saved: Named<S>,
    options: O,
    needs: Readonly<Record<I[number], boolean>>,
  ) => Readonly<Partial<Record<I[number], Tensor | null>>>;
}

type Arguments<I extends readonly string[], O> = [
  ...{ [K in keyof I]: Tensor },
  ...(unknown extends O ? [] : [options: O]),
];

/**
 * Makes a function with a gradient of its own.
 *
 * ```ts
 * const roundThrough = customFunction({
 *   name: "roundThrough",
 *   inputs: ["x"],
 *   forward: ({ x }) => round(x),
 *   backward: (g) => ({ x: g }),
 * });
 * ```
 *
 * @throws ValueError where `saves` names what is neither input nor output, or a name comes twice; GradError in backward
 * where a gradient has another shape than its input.
 */
export function customFunction<
  const I extends readonly string[],
  Y extends Result,
  O = unknown,
  const S extends string = never,
>({
  name,
  inputs,
  outputs = ["y"],
  saves = [],
  forward,
  backward,
}: CustomFunction<I, S, O, Y>): (...args: Arguments<I, O>) => Y {
  checkNames(name, inputs, outputs, saves);
  const entries = (values: readonly unknown[]): [string, unknown][] =>
    inputs.map((input, i) => [input, values[i]]);
  const p = graphPrimitive<O>({
    name,
    inputs,
    outputs,
    saves,
    backward: (grads, saved, options, needs) => {
      const g = (outputs.length === 1 ? grads[0] : grads) as Incoming<Y>;
      const wanted = Object.fromEntries(entries(needs)) as Record<I[number], boolean>;
      const results = backward(g, saved, options, wanted);
      return inputs.map((input, i) => (needs[i] ? (results[input as I[number]] ?? null) : null));
    },
  });
  return (...args) => {
    // The tensors stand first in `args`, options last; slice() forgets the tuple.
    const given = args.slice(0, inputs.length) as unknown as Tensor[];
    const options = args[inputs.length] as O;
    for (const x of given) x.assertAlive(name);
    const made = compute(name, outputs, () =>
      forward(Object.fromEntries(entries(given)) as Named<I[number]>, options),
    );
    recordMany(p, given, options, made);
    return (outputs.length === 1 ? made[0] : made) as Y;
  };
}

// Runs the forward unrecorded and gives its outputs handles of their own: it may have returned an input, or a view.
function compute(name: string, outputs: readonly string[], forward: () => Result): Tensor[] {
  const scope = new Scope(name);
  let made: Tensor[] = [];
  try {
    const result = withRecording(false, forward);
    const list = result instanceof Tensor ? [result] : result;
    if (list.length !== outputs.length) {
      throw new ValueError(
        name,
        `forward must return one tensor for each of its outputs (${outputs.join(", ")}); got ${String(list.length)}.`,
      );
    }
    made = list.map(({ storage, view }, slot) => new Tensor(storage, view, name, null, slot));
    return made;
  } finally {
    scope.close(made);
  }
}

function checkNames(
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  saves: readonly string[],
): void {
  const names = [...inputs, ...outputs];
  if (inputs.length === 0) throw new ValueError(name, "a custom function must have inputs; got none.");
  if (new Set(names).size < names.length)
    throw new ValueError(name, `names of inputs and outputs must differ; got ${names.join(", ")}.`);
  const unknown = saves.filter((save) => !names.includes(save));
  if (unknown.length === 0) return;
  throw new ValueError(
    name,
    `saves must be among ${names.join(", ")}; got ${unknown.join(", ")}. Return what else backward needs as an output.`,
  );
}
