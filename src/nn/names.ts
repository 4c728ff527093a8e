// State-dict keys are PyTorch's: camelCase fields become snake_case (weightIhL0 -> weight_ih_l0).

export const stateKey = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
