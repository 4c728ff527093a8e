// A primitive is one record: what its outputs look like, the kernel that fills them, what it saves, and its
// vector-Jacobian products written in differentiable ops, so that derivatives exist to any order.
import type { FusedKey, Kernels, Operand } from "../backend/kernels.ts";
import type { DType } from "../core/dtype.ts";
import type { View } from "../core/view.ts";
import type { Tensor } from "./tensor.ts";

/** Layout and dtype of an output; a Tensor is one, so "like x" is x itself. */
export interface OutputSpec {
  readonly view: View;
  readonly dtype: DType;
}

// One output is passed bare, several as an array; the gradient of an output that took no part is null.
type Outputs<O extends readonly string[]> = O extends readonly [string] ? Operand : readonly Operand[];
type Specs<O extends readonly string[]> = O extends readonly [string] ? OutputSpec : readonly OutputSpec[];
type Decomposed<O extends readonly string[]> = O extends readonly [string] ? Tensor : readonly Tensor[];
type Grads<O extends readonly string[]> = O extends readonly [string] ? Tensor : readonly (Tensor | null)[];

type Vjp<O extends readonly string[], S extends string, A> = (
  g: Grads<O>,
  saved: Readonly<Record<S, Tensor>>,
  attrs: A,
) => Tensor;

export interface PrimitiveRecord<I extends string, O extends readonly string[], S extends string, A> {
  /** The op as users call it; error messages begin with it. */
  readonly name: string;
  readonly inputs: readonly I[];
  /** Default: one, "y". */
  readonly outputs?: O;
  /** Validates inputs and attributes, and says what comes out. Nothing is allocated before it returns. */
  readonly infer?: (inputs: readonly Tensor[], attrs: A) => Specs<O>;
  /** Instead of infer and kernel: the output is another view of the first input's buffer. */
  readonly view?: (x: Tensor, attrs: A) => View;
  readonly kernel?: (kernels: Kernels, inputs: readonly Operand[], y: Outputs<O>, attrs: A) => void;
  /** Inputs that the kernel takes in any layout; the others are copied first where they are not dense. */
  readonly strided?: readonly I[];
  /** The kernel is this fused one, which a backend may leave to `decompose`. */
  readonly fused?: FusedKey;
  /** The same maths in plain ops: fallback and oracle. One tensor for one output, a list for several. */
  readonly decompose?: (inputs: readonly Tensor[], attrs: A) => Decomposed<O>;
  /** Inputs overwritten in place; such a primitive has `outputs: []` and no gradient. */
  readonly mutates?: readonly I[];
  /** The inputs are several tuples of the named ones, one after the other: all parameters of an optimizer. */
  readonly repeats?: boolean;
  /** Names of the inputs and outputs that the vjp may read; inputs that were left out are absent there too. */
  readonly saves?: readonly S[];
  /**
   * Per input that has one: the gradient, in differentiable ops. May have the broadcast shape of the output. The word
   * "decompose" says: run `decompose` again, recorded, and differentiate that; all inputs must then be saved.
   */
  readonly vjp?: { readonly [K in I]?: Vjp<O, S, A> } | "decompose";
  /** The fused kernel that vjpKernel runs; where a backend leaves it to `decompose`, the vjp is taken instead. */
  readonly fusedVjp?: FusedKey;
  /**
   * A faster backward used only when it is not itself recorded; null for inputs that need none, and null for all where it
   * has not what it needs: the vjp is then taken.
   */
  readonly vjpKernel?: (
    g: Grads<O>,
    saved: Readonly<Record<S, Tensor>>,
    attrs: A,
    needs: readonly boolean[],
  ) => readonly (Tensor | null)[] | null;
}

/** A record with its defaults filled in; arguments are erased to what `apply` and the walk hand around. */
export interface Primitive<A = unknown> {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Per input: whether the kernel takes any layout. */
  readonly strided: readonly boolean[];
  readonly fused: FusedKey | null;
  readonly saves: readonly string[];
  /** Per save: index of the input, or -1 - index of the output. */
  readonly saveSlots: readonly number[];
  readonly savesOutputs: boolean;
  /** Per input: whether it is overwritten. */
  readonly mutates: readonly boolean[];
  readonly repeats: boolean;
  readonly differentiable: boolean;
  infer(inputs: readonly Tensor[], attrs: A): OutputSpec | readonly OutputSpec[];
  view: ((x: Tensor, attrs: A) => View) | null;
  kernel(kernels: Kernels, inputs: readonly Operand[], y: Operand | readonly Operand[], attrs: A): void;
  decompose: ((inputs: readonly Tensor[], attrs: A) => Tensor | readonly Tensor[]) | null;
  vjp: Readonly<Record<string, ErasedVjp | undefined>> | "decompose";
  readonly fusedVjp: FusedKey | null;
  vjpKernel: ErasedVjpKernel | null;
}

type ErasedGrads = Tensor | readonly (Tensor | null)[];
type ErasedSaved = Readonly<Record<string, Tensor>>;
type ErasedVjp = (g: ErasedGrads, saved: ErasedSaved, attrs: unknown) => Tensor;
type ErasedVjpKernel = (
  g: ErasedGrads,
  saved: ErasedSaved,
  attrs: unknown,
  needs: readonly boolean[],
) => readonly (Tensor | null)[] | null;

/** Whether input number i is overwritten. */
export const isMutated = (p: AnyPrimitive, i: number): boolean => p.mutates[i % p.inputs.length];

/** A primitive whose attributes are not known here. */
export type AnyPrimitive = Primitive<never>;

/** Defines a primitive. */
export function primitive<
  const I extends string,
  A,
  const O extends readonly string[] = readonly ["y"],
  const S extends string = never,
>(record: PrimitiveRecord<I, O, S, A>): Primitive<A> {
  const { name, inputs, saves = [], mutates = [] } = record;
  const outputs = record.outputs ?? ["y"];
  const strided = new Set(record.strided);
  const missing = (part: string) => (): never => {
    throw new TypeError(`primitive ${name} has no ${part}`);
  };
  if (record.vjp === "decompose" && !(record.decompose && inputs.every((input) => includes(saves, input))))
    throw new TypeError(`primitive ${name} must save all inputs, to run its decomposition again`);
  const saveSlots = saves.map((save) => {
    const input = (inputs as readonly string[]).indexOf(save);
    const output = (outputs as readonly string[]).indexOf(save);
    if (input < 0 && output < 0)
      throw new TypeError(`primitive ${name} saves "${save}", no input or output of it`);
    return input >= 0 ? input : -1 - output;
  });
  return {
    name,
    inputs,
    outputs,
    strided: inputs.map((input) => strided.has(input)),
    fused: record.fused ?? null,
    saves,
    saveSlots,
    savesOutputs: saveSlots.some((slot) => slot < 0),
    mutates: inputs.map((input) => includes(mutates, input)),
    repeats: record.repeats ?? false,
    differentiable: record.vjp !== undefined,
    infer: record.infer ?? missing("shape rule"),
    view: record.view ?? null,
    kernel: record.kernel ?? missing("kernel"),
    decompose: record.decompose ?? null,
    vjp: (record.vjp ?? {}) as Primitive["vjp"],
    fusedVjp: record.fusedVjp ?? null,
    vjpKernel: (record.vjpKernel ?? null) as Primitive["vjpKernel"],
  };
}

const includes = (names: readonly string[], name: string): boolean => names.includes(name);
