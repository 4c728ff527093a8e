// The backward walk: from outputs to what they were made of, newest node first. Creation order is topological, so
// sorting by id is enough, and nothing recurses: a recurrence of thousands of steps cannot overflow the stack.
import type { FusedKey } from "../backend/kernels.ts";
import { DTypeError, GradError } from "../core/errors.ts";
import { broadcastsTo, formatShape, sameShape } from "../core/shape.ts";
import { add, addInPlace, reshape, sumTo } from "../ops/algebra.ts";
import { withRecording } from "../tensor/mode.ts";
import { nextNodeId } from "../tensor/node.ts";
import type { GradientHook, Node } from "../tensor/node.ts";
import { currentObserver } from "../tensor/observer.ts";
import type { AnyPrimitive } from "../tensor/primitive.ts";
import { Scope } from "../tensor/scope.ts";
import { ownsBuffer, Tensor } from "../tensor/tensor.ts";
import { nodesToWalk } from "./order.ts";

export interface WalkOptions {
  /** Record the backward ops too, so that the gradients can be differentiated again. */
  readonly createGraph: boolean;
  /** Keep what the graph saved, so that it can be walked again. */
  readonly retainGraph: boolean;
  /** Nodes with lower ids end the walk: their gradients are visited and not passed on. Default: leaves alone do. */
  readonly boundary?: number;
}

/** Where a walk starts: an output and the gradient that flows into it. */
export interface Seed {
  readonly output: Tensor;
  readonly gradient: Tensor;
}

/**
 * Called with the finished gradients of a wanted node, per output. Those handles stay the walk's, unless the node is a
 * leaf and the visitor puts null in the place of what it takes over. Returns the handles made meanwhile that are to
 * outlive the walk.
 */
export type Visit = (node: Node, grads: (Tensor | null)[]) => readonly Tensor[];

/**
 * Walks backward from the seeds and calls `visit` for each node that `wanted` names. Only nodes from which a wanted one
 * can be reached are worked on; nodes older than `oldest` cannot be.
 */
export function walkBackward(
  op: string,
  seeds: readonly Seed[],
  wanted: (node: Node) => boolean,
  oldest: number,
  options: WalkOptions,
  visit: Visit,
): void {
  const { boundary = 0 } = options;
  const leading = new Set<Node>();
  const starts = seeds.map(({ output }) => output.node!);
  const order = nodesToWalk(starts, wanted, oldest, boundary, leading);
  const scope = new Scope(op);
  const outliving: Tensor[] = [];
  try {
    withRecording(options.createGraph, () => {
      const walk = new Walk(op, leading, options);
      for (const { output, gradient } of seeds) walk.deposit(output.node!, output.slot, alias(gradient));
      for (let i = order.length - 1; i >= 0; i--) {
        const node = order[i];
        const made = walk.step(node, wanted(node) ? visit : null);
        for (let k = 0; k < made.length; k++) outliving.push(made[k]);
      }
    });
  } finally {
    scope.close(outliving);
  }
}

const alias = (x: Tensor): Tensor => new Tensor(x.storage, x.view, x.madeBy, x.node, x.slot);

class Walk {
  readonly #op: string;
  readonly #options: WalkOptions;
  // State lies here and not on the nodes: a vjp may start a walk of its own over some of the same nodes.
  readonly #order: ReadonlySet<Node>;
  readonly #grads = new Map<Node, (Tensor | null)[]>();

  constructor(op: string, order: ReadonlySet<Node>, options: WalkOptions) {
    this.#op = op;
    this.#order = order;
    this.#options = options;
  }

  /** Adds a gradient to what has reached an output so far; takes the handle. */
  deposit(node: Node, slot: number, gradient: Tensor): void {
    let grads = this.#grads.get(node);
    if (grads === undefined) {
      const count = node.primitive?.outputs.length ?? 1;
      grads = count <= 1 ? [null] : new Array<Tensor | null>(count).fill(null);
      this.#grads.set(node, grads);
    }
    const before = grads[slot];
    if (before === null) {
      grads[slot] = gradient;
      return;
    }
    if (!this.#options.createGraph && ownsBuffer(before)) {
      addInPlace(before, gradient);
    } else {
      grads[slot] = add(before, gradient);
      before.dispose();
    }
    gradient.dispose();
  }

  step(node: Node, visit: Visit | null): readonly Tensor[] {
    const grads = this.#grads.get(node);
    if (grads === undefined) return NONE;
    this.#grads.delete(node);
    const beyond = node.id < (this.#options.boundary ?? 0);
    // Whoever walks on beyond the boundary runs the hooks there.
    if (node.hooks !== null && !beyond) runHooks(this.#op, node.hooks, grads);
    const outliving = visit === null ? NONE : visit(node, grads);
    if (node.primitive !== null && !beyond) this.#passOn(node, node.primitive, grads);
    for (let i = 0; i < grads.length; i++) grads[i]?.dispose();
    return outliving;
  }

  #passOn(node: Node, p: AnyPrimitive, grads: readonly (Tensor | null)[]): void {
    const needs: boolean[] = [];
    let any = false;
    const { parents } = node;
    for (let i = 0; i < parents.length; i++) {
      const parent = parents[i];
      const need = parent !== null && this.#order.has(parent);
      needs.push(need);
      any ||= need;
    }
    if (!any) return;
    const scope = new Scope(`${this.#op} of ${p.name}`);
    const deposits: (Tensor | null)[] = [];
    try {
      const saved = this.#unpack(node, p);
      const g = p.outputs.length === 1 ? grads[0]! : grads;
      const observer = currentObserver();
      const results =
        observer === null
          ? this.#gradients(node, p, g, saved, needs)
          : observer.differentiate(node, grads, () => this.#gradients(node, p, g, saved, needs));
      for (let i = 0; i < results.length; i++) {
        const result = results[i];
        deposits.push(result && this.#fit(node, p, i, result, scope, deposits));
      }
    } finally {
      scope.close(deposits);
    }
    if (!this.#options.retainGraph) node.releaseSaved();
    for (let i = 0; i < deposits.length; i++) {
      const gradient = deposits[i];
      if (gradient !== null) this.deposit(parents[i]!, node.inputs[i].slot, gradient);
    }
  }

  #gradients(
    node: Node,
    p: AnyPrimitive,
    g: Tensor | readonly (Tensor | null)[],
    saved: Record<string, Tensor>,
    needs: readonly boolean[],
  ): readonly (Tensor | null)[] {
    const { createGraph } = this.#options;
    if (p.vjpKernel !== null && !createGraph && hasKernel(p.fusedVjp, node)) {
      const direct = p.vjpKernel(g, saved, node.attrs, needs);
      if (direct !== null) return direct;
    }
    const { vjp } = p;
    if (vjp === "decompose")
      return throughDecomposition(this.#op, p, node.attrs, saved, g, needs, createGraph);
    return needs.map((need, i) => (need ? (vjp[p.inputs[i]]?.(g, saved, node.attrs) ?? null) : null));
  }

  // Brings a gradient to its input's shape, checks it, and makes it a handle of its own.
  #fit(
    node: Node,
    p: AnyPrimitive,
    i: number,
    result: Tensor,
    scope: Scope,
    taken: readonly (Tensor | null)[],
  ): Tensor {
    const { shape, dtype } = node.inputs[i];
    const same = sameShape(result.shape, shape);
    if (result.dtype !== dtype || !(same || broadcastsTo(shape, result.shape))) {
      throw new GradError(
        p.name,
        `its gradient for "${p.inputs[i]}" must have the input's shape and dtype, ${formatShape(shape)} ${dtype}; ` +
          `got ${formatShape(result.shape)} ${result.dtype}.`,
      );
    }
    const fitted = same ? result : sumTo(result, shape);
    // A vjp may return the incoming gradient itself, a tensor that someone keeps, or one tensor for two inputs.
    return fitted.scope !== scope || taken.includes(fitted) ? alias(fitted) : fitted;
  }

  #unpack(node: Node, p: AnyPrimitive): Record<string, Tensor> {
    const { versions } = node;
    if (versions === null) {
      throw new GradError(
        this.#op,
        `the graph must still hold what ${p.name} saved; got one that was already walked. Pass { retainGraph: true } the first time.`,
      );
    }
    const unpacked: Record<string, Tensor> = {};
    const { createGraph } = this.#options;
    for (let k = 0; k < p.saves.length; k++) {
      const saved = node.savedTensor(p.saveSlots[k]);
      if (saved === undefined) continue;
      if (saved.storage.version !== versions[k])
        failVersion(this.#op, p, p.saves[k], saved.storage.version, versions[k]);
      // With createGraph it stands where it stood in the graph, so that the next order flows through it.
      const source = !createGraph ? null : p.saveSlots[k] < 0 ? node : node.parents[p.saveSlots[k]];
      unpacked[p.saves[k]] = new Tensor(saved.storage, saved.view, "saved", source, saved.slot);
    }
    return unpacked;
  }
}

const hasKernel = (key: FusedKey | null, node: Node): boolean =>
  key === null || node.inputs[0].device.kernels.fused[key] !== "decompose";

// Gradients of a fused primitive to any order: its plain form is run again, recorded, and walked on its own.
function throughDecomposition(
  op: string,
  p: AnyPrimitive,
  attrs: unknown,
  saved: Readonly<Record<string, Tensor>>,
  g: Tensor | readonly (Tensor | null)[],
  needs: readonly boolean[],
  createGraph: boolean,
): readonly (Tensor | null)[] {
  const oldest = nextNodeId();
  const inputs = needs.map((need, i) => {
    const x = saved[p.inputs[i]];
    if (!need) return x;
    // A node of its own, on which this walk ends: one producer may have made two inputs, or be one of them.
    return createGraph ? reshape(x, x.shape) : alias(x).setRequiresGrad(true);
  });
  const results = withRecording(true, () => p.decompose!(inputs, attrs as never));
  const outputs = results instanceof Tensor ? [results] : results;
  const gradients = g instanceof Tensor ? [g] : g;
  const seeds = outputs.flatMap((output, k) => {
    const gradient = gradients[k];
    return gradient !== null && output.node !== null ? [{ output, gradient }] : [];
  });
  const found = new Array<Tensor | null>(inputs.length).fill(null);
  const nodes = inputs.map((x, i) => (needs[i] ? x.node : null));
  const options = { createGraph, retainGraph: createGraph };
  walkBackward(
    op,
    seeds,
    (node) => nodes.includes(node),
    oldest,
    options,
    (node, [grad]) => {
      const handle = alias(grad!);
      found[nodes.indexOf(node)] = handle;
      return [handle];
    },
  );
  return found;
}

const NONE: readonly Tensor[] = [];

function runHooks(
  op: string,
  hooks: ReadonlyMap<number, ReadonlySet<GradientHook>>,
  grads: (Tensor | null)[],
): void {
  for (const [slot, list] of hooks) {
    for (const hook of list) {
      const gradient = grads[slot];
      if (gradient !== null) grads[slot] = replaced(op, hook, gradient);
    }
  }
}

function replaced(op: string, hook: GradientHook, gradient: Tensor): Tensor {
  const scope = new Scope(`hook in ${op}`);
  let replacement: Tensor | null = null;
  try {
    const result = hook(gradient) ?? null;
    if (result === null || result === gradient) return gradient;
    result.assertAlive("registerHook");
    if (!sameShape(result.shape, gradient.shape) || result.dtype !== gradient.dtype) {
      throw new GradError(
        "registerHook",
        `what a hook returns must have the gradient's shape and dtype, ${formatShape(gradient.shape)} ${gradient.dtype}; ` +
          `got ${formatShape(result.shape)} ${result.dtype}.`,
      );
    }
    replacement = alias(result);
  } finally {
    scope.close(replacement === null ? [] : [replacement]);
  }
  gradient.dispose();
  return replacement;
}

function failVersion(op: string, p: AnyPrimitive, name: string, version: number, saved: number): never {
  throw new GradError(
    op,
    `what ${p.name} saved must be unchanged; got "${name}" overwritten in place (version ${String(version)}, ` +
      `saved at ${String(saved)}). Run backward before the update.`,
  );
}

/** The gradient that starts a walk: the given one, or 1 for a scalar. */
export function seedGradient(
  op: string,
  output: Tensor,
  given: Tensor | undefined,
  one: () => Tensor,
): Tensor {
  output.assertAlive(op);
  if (output.node === null) {
    throw new GradError(
      op,
      `the output must depend on a tensor that requires a gradient; got one made by ${output.madeBy}.`,
    );
  }
  if (given === undefined) {
    if (output.size === 1) return one();
    throw new GradError(
      op,
      `the output must be a scalar; got shape ${formatShape(output.shape)}. Reduce it (loss.mean()) or pass { gradOutput }.`,
    );
  }
  given.assertAlive(op);
  if (!sameShape(given.shape, output.shape)) {
    throw new GradError(
      op,
      `gradOutput must have the output's shape; got ${formatShape(given.shape)} for ${formatShape(output.shape)}.`,
    );
  }
  if (given.dtype !== output.dtype) {
    throw new DTypeError(
      op,
      `gradOutput must have the output's dtype; got ${given.dtype} for ${output.dtype}.`,
    );
  }
  return given;
}
