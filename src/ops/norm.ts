// Normalisation: x brought to mean 0 and variance 1 over some axes, then scaled and shifted per feature.
export { batchNorm } from "./norm/batch.ts";
export type { BatchNormOptions } from "./norm/batch.ts";
export { localResponseNorm } from "./norm/response.ts";
export type { LocalResponseNormOptions } from "./norm/response.ts";
export { groupNorm, instanceNorm, layerNorm, rmsNorm } from "./norm/rows.ts";
export type { InstanceNormOptions, LayerNormOptions } from "./norm/rows.ts";
