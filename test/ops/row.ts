// The form of a test row: all that an op's author says about it. The generator (layouts.ts) and the suites beside it
// turn each row into many cases.
import type { DType } from "../../src/core/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Tolerance } from "../closeness.ts";

/**
 * Where an input's values come from: `normal` numbers; `positive` ones in 0.2..3; `apart` from zero by 0.1 or more (for
 * kinks at zero); `unit` ones in -0.9..0.9; `distinct` by 0.05 or more (for maxima, whose derivative jumps at ties); whole numbers 0 .. below - 1.
 */
export type Domain = "normal" | "positive" | "apart" | "unit" | "distinct" | { readonly below: number };

export interface Input {
  readonly shape: readonly number[];
  readonly domain?: Domain;
  /** Exact values instead of drawn ones. */
  readonly values?: readonly number[];
  /** Default: int32 for `below`, otherwise the float dtype under test. */
  readonly dtype?: DType;
}

export interface Sample {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly call: (...inputs: Tensor[]) => Tensor;
}

/**
 * A call that must be refused, leaving nothing allocated. Messages are those of float64 on the reference device; the
 * suite runs them on wasm too.
 */
export interface Bad {
  readonly inputs: readonly Input[];
  readonly call: (...inputs: Tensor[]) => unknown;
  /** Class of the error, by name, and its whole message. */
  readonly error: string;
  readonly message: string;
}

export interface Row {
  /** The op as users call it. */
  readonly op: string;
  /** Calls whose inputs have an axis of size n: the generator chooses n to hit the tails of vector loops. */
  readonly samples: (n: number) => readonly Sample[];
  /** Of the float32 kernel against float64, forward and gradient. */
  readonly tolerance: Tolerance;
  /** How often the op may be differentiated in checks: 2 for most, 0 where there is no gradient. */
  readonly order: 0 | 1 | 2;
  /** False where n = 0 is an error, or where empty inputs make no sense. */
  readonly empty?: boolean;
  /** Layouts that make no sense for the op's inputs, each with its reason. */
  readonly skips?: Readonly<Record<string, string>>;
  readonly bad?: readonly Bad[];
}

/** Sizes around the widths of the vector loops: one lane, one vector of 4, four vectors of 4. */
export const TAILS: readonly number[] = [1, 3, 4, 5, 15, 16, 17];
