// What attention remembers of the tokens it has seen, for generation: buffers of a fixed size, written once per token.
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { slice } from "../../ops/algebra.ts";
import { assign } from "../../ops/assign.ts";
import { requireWhole } from "../../ops/checks.ts";
import { full } from "../../ops/creation.ts";
import { indexSelect } from "../../ops/selection.ts";
import { noGrad } from "../../tensor/mode.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { own } from "../parameter.ts";

/**
 * The keys and values of one attention layer, for up to `capacity` tokens: a step writes its own and reads all by a view,
 * so its cost does not grow with copying. The buffers [B, heads, capacity, E] are made by the first step; dispose() them.
 * What it holds are constants: no gradient flows back into earlier steps, nor into the keys and values of this one.
 */
export class KeyValueCache {
  readonly capacity: number;
  #keys: Tensor | null = null;
  #values: Tensor | null = null;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = requireWhole("KeyValueCache", "capacity", capacity, 1);
  }

  /** Tokens held so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes k and v [B, heads, T, E] behind what is there; returns views of all of it.
   *
   * @throws ShapeError where they do not fit each other or what is there, or the capacity is exceeded; DTypeError for another
   * dtype than that of the first step.
   */
  append(k: Tensor, v: Tensor): { readonly keys: Tensor; readonly values: Tensor } {
    this.#check(k, v);
    const count = k.shape[2];
    const end = this.#length + count;
    if (end > this.capacity) {
      throw new ShapeError(
        "KeyValueCache",
        `at most ${String(this.capacity)} tokens fit; got ${String(count)} more beside ${String(this.#length)}.`,
      );
    }
    this.#keys = this.#write(this.#keys, k);
    this.#values = this.#write(this.#values, v);
    this.#length = end;
    return { keys: slice(this.#keys, 2, 0, end), values: slice(this.#values, 2, 0, end) };
  }

  #check(k: Tensor, v: Tensor): void {
    k.assertAlive("KeyValueCache");
    v.assertAlive("KeyValueCache");
    if (k.rank !== 4 || v.rank !== 4 || !sameShape(k.shape.slice(0, 3), v.shape.slice(0, 3))) {
      throw new ShapeError(
        "KeyValueCache",
        `k and v must be [B, heads, T, E], alike in all but E; got ${formatShape(k.shape)} and ${formatShape(v.shape)}.`,
      );
    }
    this.#checkAgainst(this.#keys ?? k, k);
    this.#checkAgainst(this.#values ?? k, v);
  }

  #checkAgainst(buffer: Tensor, x: Tensor): void {
    const [batch, heads, , width] = x.shape;
    const isFirst = this.#keys === null;
    if (!isFirst && (buffer.shape[0] !== batch || buffer.shape[1] !== heads || buffer.shape[3] !== width)) {
      throw new ShapeError(
        "KeyValueCache",
        `batch, heads and width must stay as in the first step; got ${formatShape(x.shape)} for ${formatShape(buffer.shape)}.`,
      );
    }
    if (x.dtype !== buffer.dtype)
      throw new DTypeError("KeyValueCache", `k and v must be ${buffer.dtype}; got ${x.dtype}.`);
  }

  #write(held: Tensor | null, x: Tensor): Tensor {
    const [batch, heads, count, width] = x.shape;
    const buffer = held ?? this.#make([batch, heads, this.capacity, width], x);
    noGrad<Tensor>(() =>
      composite("KeyValueCache", () => {
        assign(slice(buffer, 2, this.#length, this.#length + count), x);
        return buffer;
      }),
    );
    return buffer;
  }

  #make(shape: readonly number[], { device, dtype }: Tensor): Tensor {
    return own(full(shape, 0, { device, dtype }));
  }

  /** Row b becomes a copy of what row index[b] was: the survivors of a beam search. index int32, one for each new row. */
  reorder(index: Tensor): void {
    this.#keys = this.#keys && this.#pick(this.#keys, index);
    this.#values = this.#values && this.#pick(this.#values, index);
  }

  #pick(buffer: Tensor, index: Tensor): Tensor {
    const isSameSize = index.size === buffer.shape[0];
    const target = isSameSize ? buffer : this.#make([index.size, ...buffer.shape.slice(1)], buffer);
    noGrad<Tensor>(() =>
      composite("KeyValueCache", () => {
        const rows = indexSelect(slice(buffer, 2, 0, this.#length), 0, index);
        assign(slice(target, 2, 0, this.#length), rows);
        return target;
      }),
    );
    if (!isSameSize) buffer.dispose();
    return target;
  }

  /** Forgets all tokens but the first `length`; the buffers stay. */
  truncate(length = 0): void {
    this.#length = Math.min(this.#length, requireWhole("KeyValueCache", "length", length, 0));
  }

  dispose(): void {
    this.#keys?.dispose();
    this.#values?.dispose();
    this.#keys = null;
    this.#values = null;
    this.#length = 0;
  }
}
