// The recorded graph: one node per op that a gradient may flow through. Nodes carry increasing ids, so the order of
// creation is a topological order. A node is counted by the handles of its outputs and by the nodes made from them; at
// zero it gives back what it saved and lets its parents go, which frees a graph that is never walked.
//
// A node refers to its inputs' and outputs' Tensor objects only for what never changes in them (storage, view, producer).
// It holds no handle count on them: a released tensor stays readable here, and a node that saves its own output can
// still reach zero. What keeps a saved buffer alive is the storage's count of saves.
import type { AnyPrimitive } from "./primitive.ts";
import type { Tensor } from "./tensor.ts";

let nextId = 0;

/** Every node made from here on has this id or a higher one. */
export const nextNodeId = (): number => nextId;

/** Called with a gradient on its way back; what it returns takes the gradient's place. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most hooks only look, and return nothing
export type GradientHook = (gradient: Tensor) => Tensor | null | undefined | void;

export class Node {
  readonly id: number;
  /** Null for a leaf. */
  readonly primitive: AnyPrimitive | null;
  readonly attrs: unknown;
  readonly inputs: readonly Tensor[];
  /** Per input: the node that made it, or its leaf; null where no gradient flows. */
  readonly parents: readonly (Node | null)[];
  /** The outputs, where the primitive saves one; a leaf's own tensor, which `backward` accumulates into. */
  readonly outputs: readonly Tensor[];
  /** Per save: the storage's version when it was saved. Null once backward has used the saves up. */
  versions: readonly number[] | null;
  refs = 0;
  /** Number of the last walk that met the node while it looked for its way; of no use after that. */
  met = 0;
  /** Per output: what users want called with its gradient. */
  hooks: Map<number, Set<GradientHook>> | null = null;

  constructor(
    primitive: AnyPrimitive | null,
    attrs: unknown,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
  ) {
    this.id = nextId++;
    this.primitive = primitive;
    this.attrs = attrs;
    this.inputs = inputs;
    this.outputs = outputs;
    const parents: (Node | null)[] = [];
    for (let i = 0; i < inputs.length; i++) {
      const parent = inputs[i].node;
      parents.push(parent);
      if (parent !== null) parent.refs++;
    }
    this.parents = parents;
    this.versions = primitive === null ? NONE : this.#save(primitive.saveSlots);
  }

  #save(slots: readonly number[]): number[] {
    const versions: number[] = [];
    for (let k = 0; k < slots.length; k++) {
      const saved = this.savedTensor(slots[k]);
      if (saved !== undefined) saved.storage.saves++;
      versions.push(saved === undefined ? -1 : saved.storage.version);
    }
    return versions;
  }

  /** The tensor behind a save: input `slot`, or output -1 - slot where it is negative; none for an input left out. */
  savedTensor(slot: number): Tensor | undefined {
    return slot >= 0 ? this.inputs[slot] : this.outputs[-1 - slot];
  }

  get isLeaf(): boolean {
    return this.primitive === null;
  }

  /** Gives back what was saved; the structure stays, so that a second backward can say what is wrong. */
  releaseSaved(): void {
    if (this.versions === null || this.primitive === null) return;
    const { saveSlots } = this.primitive;
    if (saveSlots.length === 0) return;
    this.versions = null;
    for (let k = 0; k < saveSlots.length; k++) this.savedTensor(saveSlots[k])?.storage.releaseSave();
  }
}

const NONE: readonly never[] = [];

export const leafNode = (leaf: Tensor): Node => new Node(null, undefined, NONE, [leaf]);

/** Drops one reference; iterative, since a chain may be thousands of nodes long. */
export function releaseNode(node: Node): void {
  if (--node.refs === 0) releaseChain(node);
}

function releaseChain(first: Node): void {
  // Most nodes end a chain; the list of those still to release is made only where one does not.
  let dead: Node[] | null = null;
  for (let node: Node | undefined = first; node !== undefined; node = dead?.pop()) {
    node.releaseSaved();
    const parents: readonly (Node | null)[] = node.parents;
    for (let i = 0; i < parents.length; i++) {
      const parent = parents[i];
      if (parent === null || --parent.refs > 0 || parent.primitive === null) continue;
      if (dead === null) dead = [parent];
      else dead.push(parent);
    }
  }
}
