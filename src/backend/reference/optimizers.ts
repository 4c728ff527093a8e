// In-place steps of the reference backend over many tensors, element by element.
import type { AdamParameters, KernelFamilies, Operand, SgdParameters } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

/** Calls `visit` with each tuple of `width` operands. */
function forEachTuple(tuples: readonly Operand[], width: number, visit: (...tuple: Operand[]) => void): void {
  for (let i = 0; i < tuples.length; i += width) visit(...tuples.slice(i, i + width));
}

// Kingma and Ba, 2015; decoupled decay: Loshchilov and Hutter, 2019.
function adam(p: Operand, g: Operand, m: Operand, v: Operand, parameters: AdamParameters): void {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, biasCorrection1, biasCorrection2 } = parameters;
  const weights = elementsOf(p);
  const gradients = elementsOf(g);
  const means = elementsOf(m);
  const squares = elementsOf(v);
  for (let i = 0; i < weights.length; i++) {
    const weight = decoupled ? weights[i] * (1 - lr * weightDecay) : weights[i];
    const gradient = decoupled ? gradients[i] : gradients[i] + weightDecay * weights[i];
    const mean = beta1 * means[i] + (1 - beta1) * gradient;
    const square = beta2 * squares[i] + (1 - beta2) * gradient * gradient;
    means[i] = mean;
    squares[i] = square;
    weights[i] = weight - (lr * (mean / biasCorrection1)) / (Math.sqrt(square / biasCorrection2) + eps);
  }
}

// Nesterov's form and the undampened first step follow PyTorch (Sutskever et al., 2013, up to where lr stands).
function sgd(p: Operand, g: Operand, buffer: Operand | undefined, parameters: SgdParameters): void {
  const { lr, momentum, dampening, weightDecay, nesterov, first } = parameters;
  const weights = elementsOf(p);
  const gradients = elementsOf(g);
  const velocities = buffer && elementsOf(buffer);
  for (let i = 0; i < weights.length; i++) {
    let step = gradients[i] + weightDecay * weights[i];
    if (velocities) {
      const velocity = first ? step : momentum * velocities[i] + (1 - dampening) * step;
      velocities[i] = velocity;
      step = nesterov ? step + momentum * velocity : velocity;
    }
    weights[i] -= lr * step;
  }
}

export const optimizers: Pick<KernelFamilies, "adam" | "sgd" | "squaresSum" | "scaleAll"> = {
  adam(tuples, parameters) {
    forEachTuple(tuples, 4, (p, g, m, v) => {
      adam(p, g, m, v, parameters);
    });
  },
  sgd(tuples, parameters) {
    forEachTuple(tuples, parameters.momentum === 0 ? 2 : 3, (p, g, buffer) => {
      sgd(p, g, buffer, parameters);
    });
  },
  squaresSum(xs, y) {
    let total = 0;
    for (const x of xs) for (const value of elementsOf(x)) total += value * value;
    elementsOf(y)[0] = total;
  },
  scaleAll(pairs) {
    forEachTuple(pairs, 2, (x, factor) => {
      const out = elementsOf(x);
      const [by] = elementsOf(factor);
      for (let i = 0; i < out.length; i++) out[i] *= by;
    });
  },
};
