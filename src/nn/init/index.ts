// Initialisers, as `init` of "neurite/nn": init.xavierUniform(layer.weight).
export { calculateGain } from "./fans.ts";
export type { Nonlinearity } from "./fans.ts";
export {
  constant,
  kaimingNormal,
  kaimingUniform,
  normal,
  ones,
  truncNormal,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "./fill.ts";
export type { InitOptions, KaimingOptions, TruncNormalOptions, XavierOptions } from "./fill.ts";
export { dirac, eye, orthogonal, sparse } from "./structured.ts";
