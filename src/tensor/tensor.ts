// The handle that users hold: a view of a storage, and where it stands in the recorded graph. No maths lives here;
// methods such as `add` are installed by src/methods.ts and forward to the functions in ops/.
import type { Device } from "../backend/device.ts";
import type { Storage } from "../backend/storage.ts";
import { fromBufferArray, isFloating } from "../core/dtype.ts";
import type { DType, TensorData } from "../core/dtype.ts";
import { DisposedError, DTypeError, GradError, ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import type { View } from "../core/view.ts";
import { leafNode, releaseNode } from "./node.ts";
import type { Node } from "./node.ts";
import { currentScope } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** Nested arrays of numbers, as `tolist` returns them and `tensor` takes them. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

export class Tensor {
  /** @internal The buffer. */
  readonly storage: Storage;
  /** @internal How the elements lie in it. */
  readonly view: View;
  readonly shape: Shape;
  readonly dtype: DType;
  /** What made the tensor: an op's name, for error messages. */
  readonly madeBy: string;
  /** @internal The recorded op that made it, or its leaf node where it requires a gradient; null where none flows. */
  node: Node | null;
  /** @internal Which output of `node` it is. */
  readonly slot: number;
  /** The accumulated gradient of a leaf after `backward`; null before. */
  grad: Tensor | null = null;
  /** Bookkeeping of the scope that owns the handle. */
  scope: Scope | null = null;
  scopeIndex = 0;
  /** @internal What released the handle; null while it is alive. No private field: those are slow to make. */
  releasedBy: string | null = null;

  /** For the library's own use; users make tensors with `tensor`, `zeros`, ... */
  constructor(storage: Storage, view: View, madeBy: string, node: Node | null, slot: number) {
    this.storage = storage;
    this.view = view;
    // Copied, since every op looks at them.
    this.shape = view.shape;
    this.dtype = storage.dtype;
    this.madeBy = madeBy;
    this.node = node;
    this.slot = slot;
    storage.addHandle();
    if (node !== null) node.refs++;
    const scope = currentScope();
    if (scope !== null) scope.adopt(this);
  }

  /** Number of axes. */
  get rank(): number {
    return this.view.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.view.size;
  }

  get device(): Device {
    return this.storage.device;
  }

  get isDisposed(): boolean {
    return this.releasedBy !== null;
  }

  /** A tensor made by the user rather than by a recorded op. */
  get isLeaf(): boolean {
    return this.node === null || this.node.primitive === null;
  }

  get requiresGrad(): boolean {
    return this.node !== null;
  }

  set requiresGrad(value: boolean) {
    this.setRequiresGrad(value);
  }

  /**
   * Marks a leaf as one to differentiate with respect to.
   *
   * @throws GradError on a result of recorded ops; DTypeError where the dtype is not floating.
   */
  setRequiresGrad(value: boolean): this {
    this.assertAlive("requiresGrad");
    if (!this.isLeaf) {
      throw new GradError(
        "requiresGrad",
        `only leaf tensors can change it; got a result of ${this.madeBy}. Call detach() first.`,
      );
    }
    if (value && !isFloating(this.dtype)) {
      throw new DTypeError(
        "requiresGrad",
        `the dtype must be floating to have a gradient; got ${this.dtype}.`,
      );
    }
    if (value === (this.node !== null)) return this;
    if (value) {
      this.node = leafNode(this);
      this.node.refs++;
    } else {
      releaseNode(this.node!);
      this.node = null;
    }
    return this;
  }

  /**
   * Releases the handle and its `.grad`; the buffer goes back to its device when no other handle, view or graph needs it.
   */
  dispose(): void {
    if (this.releasedBy !== null) return;
    this.grad?.dispose();
    this.grad = null;
    this.scope?.disown(this);
    this.release("dispose()");
  }

  /** For scopes: releases a handle that no scope lists any more. */
  release(by: string): void {
    if (this.releasedBy !== null) return;
    this.releasedBy = by;
    if (this.node !== null) releaseNode(this.node);
    this.storage.releaseHandle();
  }

  /** @throws DisposedError where the handle was released, naming `op`, who made it and who released it. */
  assertAlive(op: string): void {
    if (this.releasedBy === null) return;
    const how = this.releasedBy === "dispose()" ? "by dispose()" : `when scope "${this.releasedBy}" ended`;
    throw new DisposedError(
      op,
      `its inputs must be alive; got one that was released ${how} (made by ${this.madeBy}). ` +
        "Return it from the scope or call keep(x).",
    );
  }

  /** The elements in row-major order, as a fresh typed array (bool as bytes). */
  dataSync(): TensorData {
    this.assertAlive("data");
    const { view, storage, device } = this;
    if (view.dense)
      return fromBufferArray(storage.dtype, device.download("data", storage, view.offset, view.size));
    const whole = device.download("data", storage, 0, storage.length);
    const out = whole.slice(0, 0).constructor as new (n: number) => typeof whole;
    const data = new out(view.size);
    let at = 0;
    forEachOffset(view, (offset) => {
      data[at++] = whole[offset];
    });
    return fromBufferArray(storage.dtype, data);
  }

  /** The elements in row-major order, as a fresh typed array; works on every device. */
  // eslint-disable-next-line @typescript-eslint/require-await -- reads at the call, throws as a rejection
  async data(): Promise<TensorData> {
    return this.dataSync();
  }

  /** The only element. */
  itemSync(): number {
    if (this.size !== 1) {
      throw new ShapeError("item", `the tensor must hold one element; got shape ${formatShape(this.shape)}.`);
    }
    return this.dataSync()[0];
  }

  /** The only element; works on every device. */
  // eslint-disable-next-line @typescript-eslint/require-await -- as data()
  async item(): Promise<number> {
    return this.itemSync();
  }

  /** The elements as nested arrays; a plain number for rank 0. */
  tolistSync(): NestedNumbers {
    const data = this.dataSync();
    let at = 0;
    const build = (axis: number): NestedNumbers =>
      axis === this.rank ? data[at++] : Array.from({ length: this.shape[axis] }, () => build(axis + 1));
    return build(0);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as data()
  async tolist(): Promise<NestedNumbers> {
    return this.tolistSync();
  }

  toString(): string {
    const grad = this.requiresGrad ? ", requiresGrad" : "";
    return `Tensor(${formatShape(this.shape)}, ${this.dtype}, ${this.device.name}${grad})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @internal Whether the handle is all that holds its buffer, holds the whole of it in order, and stands in no graph. */
export const ownsBuffer = ({ storage, view, node }: Tensor): boolean =>
  node === null && storage.handles + storage.saves === 1 && view.dense && view.size === storage.length;

function forEachOffset({ shape, strides, offset }: View, visit: (offset: number) => void): void {
  const walk = (axis: number, at: number): void => {
    if (axis === shape.length) visit(at);
    else for (let i = 0; i < shape[axis]; i++) walk(axis + 1, at + i * strides[axis]);
  };
  walk(0, offset);
}
