// The recorded graph: one node per op that a gradient may flow through. Nodes carry increasing ids, so the order of
// creation is a topological order. A node is counted by the handles of its outputs and by the nodes made from them; at
// zero it gives back what it saved and lets its parents go, which frees a graph that is never walked.
import type { Storage } from "../backend/storage.ts";
import type { Shape } from "../core/shape.ts";
import type { View } from "../core/view.ts";
import type { AnyPrimitive } from "./primitive.ts";
import type { Tensor } from "./tensor.ts";

/** A buffer kept for backward: not a handle, so that a node that saves its own output still reaches zero. */
export interface Saved {
  readonly storage: Storage;
  readonly view: View;
  /** The storage's version when it was saved; another one at backward means that it was overwritten. */
  readonly version: number;
}

let nextId = 0;

export class Node {
  readonly id: number;
  /** Null for a leaf. */
  readonly primitive: AnyPrimitive | null;
  readonly attrs: unknown;
  /** Per input: the node that made it (or its leaf), null where no gradient flows. */
  readonly parents: readonly (Node | null)[];
  /** Per input: which output of the parent it was. */
  readonly slots: readonly number[];
  readonly inputShapes: readonly Shape[];
  /** In the order of the primitive's `saves`; null once backward has used them up. */
  saved: readonly Saved[] | null;
  refs = 0;
  /** The leaf tensor that `backward` accumulates into. */
  leaf: Tensor | null = null;
  /** Scratch of the walk in progress (autograd/walk.ts): its number and the gradient per output. */
  walk = 0;
  grads: (Tensor | null)[] | null = null;

  constructor(
    primitive: AnyPrimitive | null,
    attrs: unknown,
    parents: readonly (Node | null)[],
    slots: readonly number[],
    inputShapes: readonly Shape[],
    saved: readonly Saved[],
  ) {
    this.id = nextId++;
    this.primitive = primitive;
    this.attrs = attrs;
    this.parents = parents;
    this.slots = slots;
    this.inputShapes = inputShapes;
    this.saved = saved;
    for (const parent of parents) if (parent !== null) parent.refs++;
    for (const save of saved) save.storage.saves++;
  }

  /** Gives back what was saved; the structure stays, so that a second backward can say what is wrong. */
  releaseSaved(): void {
    const { saved } = this;
    if (saved === null) return;
    this.saved = null;
    for (const save of saved) save.storage.releaseSave();
  }
}

const NONE: readonly never[] = [];

export function leafNode(leaf: Tensor): Node {
  const node = new Node(null, undefined, NONE, NONE, NONE, NONE);
  node.leaf = leaf;
  return node;
}

/** Drops one reference; iterative, since a chain may be thousands of nodes long. */
export function releaseNode(node: Node): void {
  if (--node.refs > 0) return;
  node.releaseSaved();
  if (node.parents.length > 0) releaseParents(node);
}

function releaseParents(first: Node): void {
  const dead = [first];
  for (let node = dead.pop(); node !== undefined; node = dead.pop()) {
    for (const parent of node.parents) {
      if (parent === null || --parent.refs > 0) continue;
      parent.releaseSaved();
      if (parent.parents.length > 0) dead.push(parent);
    }
  }
}
