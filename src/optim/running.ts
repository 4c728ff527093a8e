// Changing tensors in place from plain ops: the sentences that update rules are written in.
import { add, addInPlace, mul, sub } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { square } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** average = rate average + (1 - rate) x. */
export const average = (target: Tensor, x: Tensor, rate: number): void => {
  assign(target, add(mul(target, rate), mul(x, 1 - rate)));
};

/** average = rate average + (1 - rate) x². */
export const averageSquare = (target: Tensor, x: Tensor, rate: number): void => {
  average(target, square(x), rate);
};

/** p -= rate x. */
export const descend = (p: Tensor, x: Tensor, rate: number): void => {
  // A parameter may lie in any layout; adding in place asks for a dense one.
  if (p.view.dense) addInPlace(p, mul(x, -rate));
  else assign(p, sub(p, mul(x, rate)));
};

/** p *= factor. */
export const scale = (p: Tensor, factor: number): void => {
  if (factor !== 1) assign(p, mul(p, factor));
};

/** The gradient with an L2 penalty: g + weightDecay p. */
export const penalised = (g: Tensor, p: Tensor, weightDecay: number): Tensor =>
  weightDecay === 0 ? g : add(g, mul(p, weightDecay));
