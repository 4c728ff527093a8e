// Draws from distributions other than the uniform and the normal one, from the same counter-based stream. Whole numbers are
// equal to the bit on every device.
import type { Draws } from "../core/sampling.ts";
import { shuffled, wordsOf } from "../core/sampling.ts";
import { drawBlock } from "../core/philox.ts";
import { DTypeError, ShapeError, ValueError } from "../core/errors.ts";
import { defaultGenerator } from "../core/rng.ts";
import type { Generator, RandomState } from "../core/rng.ts";
import { broadcastShapes, checkShape, formatShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import type { SourceAttrs } from "../tensor/apply.ts";
import { withRecording } from "../tensor/mode.ts";
import { primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, cast, mul, sub } from "./algebra.ts";
import { requireFinite, requireFloat, requireSameDevice, requireWhole } from "./checks.ts";
import { likeOptions, resolveDevice, resolveDType, tensor } from "./creation.ts";
import type { TensorOptions } from "./creation.ts";
import { step } from "./elementwise/rectifier.ts";
import { rand, randn } from "./random.ts";
import type { RandomOptions } from "./random.ts";

interface IntegerAttrs extends SourceAttrs {
  readonly low: number;
  readonly range: number;
  readonly shape: Shape;
  readonly state: RandomState;
}

const randintPrimitive = primitive({
  name: "randint",
  inputs: [],
  infer: (_, { shape }: IntegerAttrs) => ({ view: View.of(shape), dtype: "int32" }),
  kernel: (k, _, y, { low, range, state }) => k.randomIntegers(y, low, range, state),
});

const [INT32_MIN, INT32_END] = [-(2 ** 31), 2 ** 31];

/**
 * Whole numbers low .. high - 1, all equally likely up to (high - low) / 2^32; int32 unless another dtype is asked for.
 *
 * @throws ValueError unless low < high, both whole and within int32.
 */
export const randint = (low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor =>
  drawIntegers("randint", low, high, shape, options);

/** `randint` with the shape, dtype and device of x. */
export const randintLike = (x: Tensor, low: number, high: number, options: RandomOptions = {}): Tensor =>
  drawIntegers("randintLike", low, high, x.shape, likeOptions("randintLike", x, options));

function drawIntegers(op: string, low: number, high: number, shape: Shape, options: RandomOptions): Tensor {
  const device = resolveDevice(op, options.device);
  const dtype = resolveDType(op, options.dtype ?? "int32", device);
  const whole = Number.isInteger(low) && Number.isInteger(high);
  if (!whole || low >= high || low < INT32_MIN || high > INT32_END) {
    throw new ValueError(
      op,
      `low and high must be whole, within int32, and low < high; got ${String(low)} and ${String(high)}.`,
    );
  }
  const state = (options.generator ?? defaultGenerator).reserve(sizeOf(checkShape(op, shape)));
  return composite(op, () => {
    const y = apply(randintPrimitive, [], { device, low, range: high - low, shape, state });
    const converted = dtype === "int32" ? y : cast(y, dtype);
    return options.requiresGrad ? converted.setRequiresGrad(true) : converted;
  });
}

/** Options of draws whose shape, dtype and device follow an input. */
export interface DrawOptions {
  /** The stream to draw from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** 1 with the probability that each element of x gives, else 0, in x's dtype; beyond 0..1 always the one or the other. No gradient. */
export function bernoulli(x: Tensor, { generator }: DrawOptions = {}): Tensor {
  x.assertAlive("bernoulli");
  requireFloat("bernoulli", x);
  return withoutGradient("bernoulli", () => {
    const u = rand(x.shape, { dtype: x.dtype, device: x.device, ...(generator && { generator }) });
    return step(sub(x, u));
  });
}

const withoutGradient = (op: string, fn: () => Tensor): Tensor =>
  withRecording(false, () => composite(op, fn));

interface MultinomialAttrs {
  readonly draws: Draws;
  readonly state: RandomState;
}

const multinomialPrimitive = primitive({
  name: "multinomial",
  inputs: ["weights"],
  infer: ([weights], { draws }: MultinomialAttrs) => ({
    view: View.of([...weights.shape.slice(0, -1), draws.count]),
    dtype: "int32",
  }),
  kernel: (k, [weights], y, { draws, state }) => {
    const row = k.multinomial(weights, y, draws, state);
    if (row < 0) return;
    const needed = draws.replacement ? 1 : draws.count;
    throw new ValueError(
      "multinomial",
      `weights must be finite and >= 0, at least ${String(needed)} of them positive; got others in row ${String(row)}.`,
    );
  },
});

/**
 * Categories drawn with probabilities proportional to the weights of each row, as int32. No gradient.
 *
 * Shapes: weights [n] or [rows, n] -> [count] or [rows, count]. Without replacement (the default) a row holds no category
 * twice, and the first ones are distributed as if they were drawn one after another (Efraimidis and Spirakis 2006).
 *
 * @throws ValueError where weights are negative, not finite, or too few of them positive.
 */
export function multinomial(
  weights: Tensor,
  count: number,
  {
    replacement = false,
    generator = defaultGenerator,
  }: DrawOptions & { readonly replacement?: boolean } = {},
): Tensor {
  weights.assertAlive("multinomial");
  requireFloat("multinomial", weights);
  if (weights.rank < 1 || weights.rank > 2) {
    throw new ShapeError(
      "multinomial",
      `weights must have the axes [n] or [rows, n]; got ${formatShape(weights.shape)}.`,
    );
  }
  requireWhole("multinomial", "count", count, 1);
  const n = weights.shape[weights.rank - 1];
  if (!replacement && count > n) {
    throw new ShapeError(
      "multinomial",
      `without replacement count must be at most the ${String(n)} categories; got ${String(count)}.`,
    );
  }
  const draws = { rows: weights.rank === 2 ? weights.shape[0] : 1, n, count, replacement };
  return apply(multinomialPrimitive, [weights], { draws, state: generator.reserve(wordsOf(draws)) });
}

/** The whole numbers 0 .. n - 1 in random order, as int32 unless another dtype is asked for (PyTorch's randperm). */
export function permutation(n: number, options: RandomOptions = {}): Tensor {
  requireWhole("permutation", "n", n, 0);
  const { generator = defaultGenerator, dtype = "int32", ...rest } = options;
  const state = generator.reserve(n);
  const order = shuffled(n, (words, block) => {
    drawBlock(words, state, block);
  });
  return tensor(Int32Array.from(order), { ...rest, dtype });
}

/**
 * Normal numbers with the given mean and standard deviation, each a number or a tensor; tensors broadcast and give the
 * shape, two numbers need `shape`. No gradient flows to mean and deviation.
 *
 * @throws ValueError for a deviation that is a negative number.
 */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  options: RandomOptions & { readonly shape?: Shape } = {},
): Tensor {
  const op = "normal";
  const tensors = [mean, std].filter((one) => typeof one !== "number");
  for (const one of tensors) {
    one.assertAlive(op);
    requireFloat(op, one);
  }
  if (typeof mean === "number") requireFinite(op, "mean", mean);
  if (typeof std === "number" && !(requireFinite(op, "std", std) >= 0))
    throw new ValueError(op, `std must be a number >= 0; got ${String(std)}.`);
  const { shape: given, ...rest } = options;
  const shape = tensors.length === 0 ? given : commonShape(op, tensors, given);
  if (shape === undefined) throw new ShapeError(op, "a shape must be given beside two numbers; got none.");
  const like: TensorOptions =
    tensors.length === 0 ? {} : { dtype: tensors[0].dtype, device: tensors[0].device };
  const y = withoutGradient(op, () =>
    add(mul(randn(shape, { ...like, ...rest, requiresGrad: false }), std), mean),
  );
  return options.requiresGrad ? y.setRequiresGrad(true) : y;
}

function commonShape(op: string, tensors: readonly Tensor[], given: Shape | undefined): Shape {
  requireSameDevice(op, tensors);
  if (tensors.some((one) => one.dtype !== tensors[0].dtype))
    throw new DTypeError(
      op,
      `mean and std must have one dtype; got ${tensors.map((one) => one.dtype).join(" and ")}.`,
    );
  const shapes = [...tensors.map((one) => one.shape), ...(given ? [given] : [])];
  const common = shapes.reduce<Shape | null>((a, b) => a && broadcastShapes(a, b), []);
  if (common !== null) return common;
  throw new ShapeError(op, `shapes must broadcast; got ${shapes.map(formatShape).join(" and ")}.`);
}
