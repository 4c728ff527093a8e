// One call of an ONNX operator, as the operator maps see it: inputs that are tensors of the library, attributes by name.
import { cast, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import type { NodeModel, Stored } from "./model.ts";

/** A case that asks for more than the library's op offers, with the reason: it is counted, not run. */
export class Beyond extends Error {}

/** The dtype that holds an element type on the wasm device; narrower integers widen. */
const HELD: Readonly<Record<string, "float32" | "int32" | "bool">> = {
  float32: "float32",
  // Computed in float32, and compared with float32's tolerance.
  float64: "float32",
  int64: "int32",
  int32: "int32",
  int16: "int32",
  int8: "int32",
  uint16: "int32",
  uint8: "int32",
  uint32: "int32",
  bool: "bool",
};

export function heldAs(element: string): "float32" | "int32" | "bool" {
  const dtype = HELD[element] as "float32" | "int32" | "bool" | undefined;
  if (dtype === undefined) throw new Beyond(`${element}: no such dtype on the wasm device`);
  return dtype;
}

export function upload({ element, shape, values }: Stored): Tensor {
  const dtype = heldAs(element);
  if (element === "float64" && values.some((v) => Number.isFinite(v) && !Number.isFinite(Math.fround(v))))
    throw new Beyond("float64: numbers beyond float32's range");
  // 64-bit integers beyond 32 bits only say "to the end" in this data; the ends survive being clamped.
  const fitted =
    dtype === "int32" ? values.map((v) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, v))) : [...values];
  const typed = dtype === "float32" ? new Float32Array(fitted) : new Int32Array(fitted);
  return tensor(typed, { shape, dtype, device: "wasm" });
}

export class Invocation {
  readonly node: NodeModel;
  readonly opset: number;
  readonly #inputs: readonly (Tensor | undefined)[];

  constructor(node: NodeModel, inputs: readonly (Tensor | undefined)[], opset: number) {
    this.node = node;
    this.opset = opset;
    this.#inputs = inputs;
  }

  /** Input i, which must be there. */
  x(i = 0): Tensor {
    const x = this.#inputs[i];
    if (x === undefined) throw new Error(`${this.node.operator}: input ${i} is missing`);
    return x;
  }

  optional(i: number): Tensor | null {
    return this.#inputs[i] ?? null;
  }

  /** All inputs, of operators that take any number. */
  all(): Tensor[] {
    return this.#inputs.map((_, i) => this.x(i));
  }

  has(name: string): boolean {
    return name in this.node.attributes;
  }

  number(name: string, otherwise: number): number {
    return (this.node.attributes[name] as number | undefined) ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return (this.node.attributes[name] as string | undefined) ?? otherwise;
  }

  numbers(name: string): readonly number[] | null {
    return (this.node.attributes[name] as readonly number[] | undefined) ?? null;
  }

  stored(name: string): Stored {
    return this.node.attributes[name] as Stored;
  }

  /** The values of an input that says a shape, axes or positions; null where it is absent. */
  values(i: number): number[] | null {
    const x = this.optional(i);
    return x && Array.from(x.dataSync());
  }

  /** A list that older operator sets give as an attribute and newer ones as an input. */
  list(name: string, input: number): readonly number[] | null {
    return this.numbers(name) ?? this.values(input);
  }

  beyond(reason: string): never {
    throw new Beyond(`${this.node.operator}: ${reason}`);
  }
}

export type Operator = (call: Invocation) => Tensor | readonly (Tensor | undefined)[];
export type Operators = Readonly<Record<string, Operator>>;

/** f on float32, the result back in the first operand's dtype, toward zero: arithmetic of integers. */
export function onNumbers(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  return x.dtype === "float32" ? f(x) : cast(f(cast(x, "float32")), x.dtype);
}

export const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
