// Anomaly mode: finds the op that first made a NaN or an infinity, forward or backward, and says what went into it.
import { NeuriteError } from "../core/errors.ts";
import { isFloating } from "../core/dtype.ts";
import { formatShape } from "../core/shape.ts";
import type { Node } from "../tensor/node.ts";
import { withObserver } from "../tensor/observer.ts";
import type { Observer } from "../tensor/observer.ts";
import { isMutated } from "../tensor/primitive.ts";
import type { AnyPrimitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** An op made a NaN or an infinity out of finite numbers, in anomaly mode. */
export class AnomalyError extends NeuriteError {
  override readonly name = "AnomalyError";
}

export interface AnomalyOptions {
  /** What to look for: NaN alone, or infinities too (the default); masks of -Infinity want the first. */
  readonly check?: "nan" | "nonfinite";
}

/**
 * Runs `fn`, reading every op's result: where one makes a NaN or an infinity out of finite numbers, forward, in a
 * gradient or in an optimizer's step, it throws, with the shapes and ranges of what went in and the stack of where the op
 * was recorded. Slow; for finding the place, not for training.
 *
 * Numbers that come in as NaN or infinite are not reported: what makes them is outside.
 *
 * @throws AnomalyError naming the op.
 */
export function detectAnomaly<T>(
  fn: () => T extends PromiseLike<unknown> ? never : T,
  { check = "nonfinite" }: AnomalyOptions = {},
): T {
  return withObserver<T>(new AnomalyObserver(check === "nan" ? Number.isNaN : isNotFinite), fn);
}

const isNotFinite = (value: number): boolean => !Number.isFinite(value);

class AnomalyObserver implements Observer {
  readonly #isBad: (value: number) => boolean;
  readonly #stacks = new WeakMap<Node, string>();
  // Inside a gradient its whole result is looked at, under the name of the op that it belongs to.
  #inGradient = 0;

  constructor(isBad: (value: number) => boolean) {
    this.#isBad = isBad;
  }

  made(p: AnyPrimitive, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    for (const { node } of outputs)
      if (node !== null && !this.#stacks.has(node)) this.#stacks.set(node, stackOf());
    // Sources hold what the user gave; views and copies of it hold the same.
    if (inputs.length === 0 || this.#inGradient > 0) return;
    outputs.forEach((y) => {
      this.#report(p, "its result", y, inputs);
    });
  }

  changed(p: AnyPrimitive, inputs: readonly Tensor[]): void {
    const others = inputs.filter((_, i) => !isMutated(p, i));
    inputs.forEach((x, i) => {
      if (isMutated(p, i)) this.#report(p, `its new "${p.inputs[i % p.inputs.length]}"`, x, others);
    });
  }

  differentiate(
    node: Node,
    incoming: readonly (Tensor | null)[],
    compute: () => readonly (Tensor | null)[],
  ): readonly (Tensor | null)[] {
    this.#inGradient++;
    let results: readonly (Tensor | null)[];
    try {
      results = compute();
    } finally {
      this.#inGradient--;
    }
    if (this.#inGradient > 0) return results;
    const p = node.primitive!;
    const given = incoming.filter((g) => g !== null);
    results.forEach((result, i) => {
      if (result === null) return;
      const where =
        this.#stacks.get(node) ?? "outside detectAnomaly; run the forward in it too to know where";
      this.#report(
        p,
        `its gradient for "${p.inputs[i]}"`,
        result,
        given,
        `\nThe op was recorded at:\n${where}`,
        node,
      );
    });
    return results;
  }

  #report(
    p: AnyPrimitive,
    what: string,
    y: Tensor,
    inputs: readonly Tensor[],
    where = "",
    node: Node | null = null,
  ): void {
    if (!isFloating(y.dtype)) return;
    const values = y.dataSync();
    const position = values.findIndex(this.#isBad);
    if (position < 0 || inputs.some((x) => this.#holdsBad(x))) return;
    const count = Array.from(values).filter(this.#isBad).length;
    const names = node === null ? p.inputs : [];
    const given = inputs.map((x, i) => `${names[i] ?? "the gradient coming in"} ${describe(x)}`);
    const forward = node === null ? [] : node.inputs.map((x, i) => `${p.inputs[i]} ${shapeOf(x)}`);
    throw new AnomalyError(
      p.name,
      `${what} must be finite; got ${String(values[position])} at ${String(position)} of ${shapeOf(y)}, ` +
        `${String(count)} such in all. It came from ${[...given, ...forward].join(", ")}.${where}`,
    );
  }

  #holdsBad(x: Tensor): boolean {
    return isFloating(x.dtype) && x.dataSync().some(this.#isBad);
  }
}

const shapeOf = (x: Tensor): string => `${formatShape(x.shape)} ${x.dtype}`;

function describe(x: Tensor): string {
  const values = x.dataSync();
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length === 0 ? shapeOf(x) : `${shapeOf(x)} from ${short(low)} to ${short(high)}`;
}

const short = (value: number): string => String(Number(value.toPrecision(6)));

// Where the op was called, without the frames of this observer.
const stackOf = (): string =>
  (new Error().stack ?? "")
    .split("\n")
    .slice(1)
    .filter((line) => !/AnomalyObserver|tensor\/apply|[/\\]apply\./.test(line))
    .join("\n");
