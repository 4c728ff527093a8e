// Optimizer steps of the reference backend, element by element and in place.
import type { KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

export const optimizers: Pick<KernelFamilies, "adam" | "sgd"> = {
  // Kingma and Ba, 2015; decoupled decay: Loshchilov and Hutter, 2019.
  adam(p, g, m, v, parameters) {
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
  },

  // Nesterov's form and the undampened first step follow PyTorch (Sutskever et al., 2013, up to where lr stands).
  sgd(p, g, buffer, parameters) {
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
  },
};
