// Checks gradients against finite differences, for library and user functions alike.
import { DTypeError, GradError } from "../core/errors.ts";
import { add, contiguous, mul, sum } from "../ops/algebra.ts";
import { tensor } from "../ops/creation.ts";
import { Scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { grad } from "./grad.ts";

/** A function of tensors; several outputs are checked one by one. */
export type CheckedFunction = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

export interface GradcheckOptions {
  /** Step of the central difference; default 1e-6. */
  readonly eps?: number;
  /** Allowed: |analytic - numeric| <= atol + rtol |numeric|; defaults 1e-5 and 1e-3, PyTorch's. */
  readonly atol?: number;
  readonly rtol?: number;
  /** @internal Told of each entry's error as a multiple of what is allowed, before one above 1 throws. */
  readonly observe?: (excess: number) => void;
}

/**
 * Compares every entry of the Jacobian of `fn` with central differences, for each input that requires a gradient.
 * Inputs must be float64, which lives on device "reference": float32 has too few digits for a difference quotient.
 *
 * @returns true
 * @throws GradError naming the input, output and entry that disagree; DTypeError for inputs that are not float64.
 */
export function gradcheck(
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, observe } = options;
  const targets = inputs.flatMap((input, i) => (input.requiresGrad ? [i] : []));
  requireDouble(inputs, targets);
  const scope = new Scope("gradcheck");
  try {
    const count = evaluate(fn, inputs).length;
    for (let output = 0; output < count; output++) {
      const analytic = analyticJacobians(fn, inputs, targets, output);
      for (const [k, i] of targets.entries()) {
        const numeric = numericJacobian(fn, inputs, i, output, eps);
        compare(analytic[k], numeric, { input: i, output, atol, rtol, observe });
      }
    }
  } finally {
    scope.close();
  }
  return true;
}

/**
 * Checks second derivatives: `gradcheck` of the gradients of `fn` as a function of its inputs and of the incoming
 * gradients, which are fixed pseudo-random numbers.
 */
export function gradgradcheck(
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  const targets = inputs.flatMap((input, i) => (input.requiresGrad ? [i] : []));
  requireDouble(inputs, targets);
  const scope = new Scope("gradgradcheck");
  try {
    const weights = evaluate(fn, inputs).map((y, k) => pseudoRandom(y, k));
    const gradients: CheckedFunction = (...all) => {
      const xs = all.slice(0, inputs.length);
      const gs = all.slice(inputs.length);
      const terms = list(fn(...xs)).map((y, k) => sum(mul(y, gs[k])));
      const loss = terms.reduce((a, b) => add(a, b));
      const wanted = targets.map((i) => xs[i]);
      const found = grad(loss, wanted, { createGraph: true, allowUnused: true });
      // A gradient that does not depend on anything has no graph; tie it to the inputs with weight 0.
      return found.map((g, k) => (g ? add(g, mul(sum(wanted[k]), 0)) : mul(wanted[k], 0)));
    };
    return gradcheck(gradients, [...inputs, ...weights], options);
  } finally {
    scope.close();
  }
}

const list = (y: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(y) ? (y as Tensor[]) : [y as Tensor];

// Recording stays on: functions under test may differentiate inside, as gradgradcheck's do.
const evaluate = (fn: CheckedFunction, inputs: readonly Tensor[]): readonly Tensor[] => list(fn(...inputs));

function requireDouble(inputs: readonly Tensor[], targets: readonly number[]): void {
  if (targets.length === 0)
    throw new GradError("gradcheck", "at least one input must require a gradient; got none.");
  const wrong = targets.find((i) => inputs[i].dtype !== "float64");
  if (wrong === undefined) return;
  throw new DTypeError(
    "gradcheck",
    `inputs must be float64; got ${inputs[wrong].dtype} for input ${String(wrong)}. ` +
      'Make them with { dtype: "float64", device: "reference" }.',
  );
}

// Spread over (0.5, 1.5) by the golden ratio: no draw from the random stream, no zeros.
function pseudoRandom(like: Tensor, salt: number): Tensor {
  const values = Float64Array.from(
    { length: like.size },
    (_, i) => 0.5 + (((i + 1) * 0.6180339887 + salt * 0.37) % 1),
  );
  return tensor(values, { shape: like.shape, device: like.device, requiresGrad: true });
}

/** Rows: elements of the output; columns: elements of the input. */
type Jacobian = Float64Array[];

function analyticJacobians(
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  targets: readonly number[],
  output: number,
): Jacobian[] {
  const y = list(fn(...inputs))[output];
  const jacobians: Jacobian[] = targets.map(() => []);
  for (let row = 0; row < y.size; row++) {
    const unit = new Float64Array(y.size);
    unit[row] = 1;
    const gradOutput = tensor(unit, { shape: y.shape, device: y.device });
    const wanted = targets.map((i) => inputs[i]);
    const gradients = y.requiresGrad
      ? grad(y, wanted, { gradOutput, retainGraph: true, allowUnused: true })
      : wanted.map(() => null);
    gradients.forEach((g, k) => {
      jacobians[k].push(g ? Float64Array.from(g.dataSync()) : new Float64Array(wanted[k].size));
    });
  }
  return jacobians;
}

function numericJacobian(
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  at: number,
  output: number,
  eps: number,
): Jacobian {
  const x = inputs[at];
  const values = Float64Array.from(contiguous(x).dataSync());
  const outputAt = (column: number, step: number): Float64Array => {
    const moved = values.slice();
    moved[column] += step;
    const input = tensor(moved, { shape: x.shape, device: x.device, requiresGrad: true });
    const y = evaluate(
      fn,
      inputs.map((other, i) => (i === at ? input : other)),
    )[output];
    return Float64Array.from(y.dataSync());
  };
  const columns = Array.from(values, (_, column) => {
    const [above, below] = [outputAt(column, eps), outputAt(column, -eps)];
    return above.map((value, row) => (value - below[row]) / (2 * eps));
  });
  const rows = columns[0]?.length ?? 0;
  return Array.from({ length: rows }, (_, row) => Float64Array.from(columns, (column) => column[row]));
}

interface Tolerance {
  readonly input: number;
  readonly output: number;
  readonly atol: number;
  readonly rtol: number;
  readonly observe?: (excess: number) => void;
}

function compare(analytic: Jacobian, numeric: Jacobian, tolerance: Tolerance): void {
  const { input, output, atol, rtol, observe } = tolerance;
  numeric.forEach((row, i) => {
    row.forEach((expected, j) => {
      const got = analytic[i][j];
      const [error, allowed] = [Math.abs(got - expected), atol + rtol * Math.abs(expected)];
      observe?.(error / allowed);
      if (error <= allowed) return;
      throw new GradError(
        "gradcheck",
        `the derivative of output ${String(output)}[${String(i)}] by input ${String(input)}[${String(j)}] must be near ` +
          `${expected.toPrecision(8)} (finite differences); got ${got.toPrecision(8)}.`,
      );
    });
  });
}
