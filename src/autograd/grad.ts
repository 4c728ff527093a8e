// Differentiation as users call it: the pure `grad`, and `backward`, which adds into `.grad` of leaves.
import { GradError } from "../core/errors.ts";
import { add, addInPlace, contiguous } from "../ops/algebra.ts";
import { onesLike } from "../ops/creation.ts";
import { keep } from "../tensor/scope.ts";
import type { Node } from "../tensor/node.ts";
import { ownsBuffer, Tensor } from "../tensor/tensor.ts";
import { seedGradient, walkBackward } from "./walk.ts";
import type { Visit } from "./walk.ts";

export interface BackwardOptions {
  /** The gradient flowing into the output, of its shape; required unless the output holds one element. */
  readonly gradOutput?: Tensor;
  /** Record the backward ops, so that the result can be differentiated again. Implies retainGraph. */
  readonly createGraph?: boolean;
  /** Keep the graph for another walk. */
  readonly retainGraph?: boolean;
}

export interface GradOptions extends BackwardOptions {
  /** Give null for a tensor that the output does not depend on, instead of throwing. */
  readonly allowUnused?: boolean;
}

/**
 * Gradients of one output with respect to some tensors, as fresh tensors; `.grad` is left alone.
 *
 * Equation: result[i] = sum over j of gradOutput[j] dy[j] / dwrt[i], for each wrt.
 *
 * @throws GradError when the output is not a scalar and no gradOutput is given, when the graph was already freed, or
 * when a tensor has no part in the output (see `allowUnused`).
 */
export function grad(y: Tensor, wrt: Tensor, options?: GradOptions & { allowUnused?: false }): Tensor;
export function grad(
  y: Tensor,
  wrt: readonly Tensor[],
  options?: GradOptions & { allowUnused?: false },
): Tensor[];
export function grad(y: Tensor, wrt: readonly Tensor[], options: GradOptions): (Tensor | null)[];
export function grad(
  y: Tensor,
  wrt: Tensor | readonly Tensor[],
  options: GradOptions = {},
): Tensor | null | (Tensor | null)[] {
  const targets = wrt instanceof Tensor ? [wrt] : wrt;
  const gradients = collectGradients(y, targets, options);
  if (!options.allowUnused) requireUsed(targets, gradients);
  return wrt instanceof Tensor ? gradients[0] : gradients;
}

function collectGradients(y: Tensor, targets: readonly Tensor[], options: GradOptions): (Tensor | null)[] {
  for (const target of targets) requireNode(target);
  const nodes = new Set<Node>(targets.map((target) => target.node!));
  const oldest = Math.min(...targets.map((target) => target.node!.id));
  const found = new Array<Tensor | null>(targets.length).fill(null);
  walk(
    "grad",
    y,
    (node) => nodes.has(node),
    oldest,
    options,
    (node, grads) => {
      const made: Tensor[] = [];
      targets.forEach((target, i) => {
        const gradient = target.node === node ? grads[target.slot] : null;
        if (gradient) made.push((found[i] = handleOf(gradient)));
      });
      return made;
    },
  );
  return found;
}

const handleOf = ({ storage, view, node, slot }: Tensor): Tensor =>
  new Tensor(storage, view, "grad", node, slot);

function requireNode(target: Tensor): void {
  target.assertAlive("grad");
  if (target.node !== null) return;
  throw new GradError(
    "grad",
    `wrt must require a gradient; got one that does not (made by ${target.madeBy}).`,
  );
}

function requireUsed(targets: readonly Tensor[], gradients: readonly (Tensor | null)[]): void {
  const unused = gradients.indexOf(null);
  if (unused < 0) return;
  for (const gradient of gradients) gradient?.dispose();
  throw new GradError(
    "grad",
    `the output must depend on every wrt; got number ${String(unused)} (${targets[unused].toString()}) unused. ` +
      "Pass { allowUnused: true } to get null for it.",
  );
}

/**
 * Adds the gradients of y with respect to all leaves that require one into their `.grad`.
 *
 * @throws GradError as `grad` does.
 */
export function backward(y: Tensor, options: BackwardOptions = {}): void {
  walk("backward", y, isLiveLeaf, 0, options, (node, grads) => {
    if (accumulate(node.outputs[0], grads[0]!, options.createGraph === true)) grads[0] = null;
    return NONE;
  });
}

const NONE: readonly never[] = [];

/** Whether it is the leaf of a tensor that is still there and still requires a gradient. */
function isLiveLeaf(node: Node): boolean {
  if (node.primitive !== null) return false;
  const leaf = node.outputs[0];
  return leaf.node === node && !leaf.isDisposed;
}

/** Whether it took over the very handle. */
function accumulate(leaf: Tensor, gradient: Tensor, createGraph: boolean): boolean {
  const before = leaf.grad;
  if (before === null || before.isDisposed) {
    // A gradient that shares its buffer (two leaves of one sum) or lies strangely gets one of its own.
    const taken = ownsBuffer(gradient) || createGraph;
    adoptBy(leaf, taken ? gradient : contiguous(gradient));
    return taken;
  }
  if (createGraph || !ownsBuffer(before)) {
    adoptBy(leaf, add(before, gradient));
    before.dispose();
  } else {
    addInPlace(before, gradient);
  }
  return false;
}

/** A gradient lives as long as its leaf: a temporary one ends with its scope. */
function adoptBy(leaf: Tensor, gradient: Tensor): void {
  leaf.grad = keep(gradient);
  leaf.scope?.adopt(gradient);
}

function walk(
  op: string,
  y: Tensor,
  wanted: (node: Node) => boolean,
  oldest: number,
  options: BackwardOptions,
  visit: Visit,
): void {
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const gradient = seedGradient(op, y, options.gradOutput, () => onesLike(y));
  try {
    walkBackward(op, [{ output: y, gradient }], wanted, oldest, { createGraph, retainGraph }, visit);
  } finally {
    if (gradient !== options.gradOutput) gradient.dispose();
  }
}
