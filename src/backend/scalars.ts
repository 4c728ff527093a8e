// The scalar maths of every elementwise and reducing kernel, one line each: the reference backend runs these, and each
// key names the SIMD export `<key>_f32` of the wasm backend.

export interface UnaryScalar {
  readonly js: (x: number) => number;
}

export interface BinaryScalar {
  readonly js: (a: number, b: number) => number;
}

export const unaryScalars = {
  neg: { js: (x) => -x },
  exp: { js: Math.exp },
  log: { js: Math.log },
  sqrt: { js: Math.sqrt },
  // `x < 0 ? 0 : x` and not Math.max: NaN must pass.
  relu: { js: (x) => (x < 0 ? 0 : x) },
  tanh: { js: Math.tanh },
  sigmoid: { js: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))) },
} satisfies Record<string, UnaryScalar>;

export type UnaryOp = keyof typeof unaryScalars;

export const binaryScalars = {
  add: { js: (a, b) => a + b },
  sub: { js: (a, b) => a - b },
  mul: { js: (a, b) => a * b },
  div: { js: (a, b) => a / b },
  // Gradients of activations from the incoming gradient g and the saved output y.
  reluGrad: { js: (g, y) => (y > 0 ? g : 0) },
  tanhGrad: { js: (g, y) => g * (1 - y * y) },
  sigmoidGrad: { js: (g, y) => g * y * (1 - y) },
} satisfies Record<string, BinaryScalar>;

export type BinaryOp = keyof typeof binaryScalars;

export interface ReduceScalar {
  readonly initial: number;
  readonly js: (accumulator: number, x: number) => number;
}

export const reduceScalars = {
  sum: { initial: 0, js: (a, x) => a + x },
  // NaN wins, as in PyTorch: a comparison alone would drop it.
  max: { initial: -Infinity, js: (a, x) => (x > a || x !== x ? x : a) },
} satisfies Record<string, ReduceScalar>;

export type ReduceOp = keyof typeof reduceScalars;
