// Whether some or all elements are true.
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast, sum } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";
import { namedAxes } from "./axes.ts";
import { prod } from "./scan.ts";

// The device's floating kernels do the counting, on zeros and ones.
const truth = (x: Tensor): Tensor => cast(cast(x, "bool"), x.device.computes[0]);

/** Whether any element over some axes, or all, is not 0 (NaN is not): bool; false over nothing. No gradient. */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  x.assertAlive("any");
  namedAxes("any", x, options.axis);
  return composite("any", () => cast(sum(truth(x), options), "bool"));
}

/** Whether every element over some axes, or all, is not 0 (NaN is not): bool; true over nothing. No gradient. */
export function all(x: Tensor, options: ReduceOptions = {}): Tensor {
  x.assertAlive("all");
  namedAxes("all", x, options.axis);
  return composite("all", () => cast(prod(truth(x), options), "bool"));
}
