// One layer and direction of a recurrent network over a whole sequence as one primitive: what rnn, lstm and gru share.
// Which optional inputs are there makes a record of its own, so that inputs are known by name throughout.
import type { Operand } from "../../backend/kernels.ts";
import type {
  RecurrentForm,
  RecurrentGradients,
  RecurrentInputs,
  RecurrentOutputs,
} from "../../backend/recurrent.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { View } from "../../core/view.ts";
import { applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { OutputSpec, Primitive } from "../../tensor/primitive.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fill } from "../algebra.ts";
import { requireFloat, requireIndex, requireRank, requireSameDType } from "../checks.ts";
import { decompositions } from "./plain.ts";

export type Cell = "rnn" | "lstm" | "gru";

/** What a layer reads, by name; what is absent is left out. */
export interface SequenceInputs {
  readonly x: Tensor;
  readonly weightIh: Tensor;
  readonly weightHh: Tensor;
  readonly h0?: Tensor | null | undefined;
  readonly c0?: Tensor | null | undefined;
  readonly biasIh?: Tensor | null | undefined;
  readonly biasHh?: Tensor | null | undefined;
  readonly weightHr?: Tensor | null | undefined;
  /** int32 [B], checked. */
  readonly lengths?: Tensor | null | undefined;
}

export interface SequenceSettings {
  readonly reverse: boolean;
  readonly activation: "tanh" | "relu";
}

const INPUTS = [
  ...["x", "weightIh", "weightHh", "h0", "c0", "biasIh", "biasHh", "weightHr", "lengths"],
] as (keyof SequenceInputs)[];

const GATES: Readonly<Record<Cell, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** Buffers for the kernel's own backward, behind the outputs that users see. */
const PRIVATE: Readonly<Record<Cell, readonly string[]>> = {
  rnn: [],
  lstm: ["gates", "cells"],
  gru: ["gates"],
};

const outputNames = (cell: Cell, inputs: readonly string[]): string[] => [
  ...["y", "h", ...(cell === "lstm" ? ["c"] : [])],
  ...PRIVATE[cell],
  ...(inputs.includes("weightHr") ? ["hidden"] : []),
];

type Shaped = Readonly<Record<string, { readonly view: View } | undefined>>;

function byName<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  const named: Record<string, T> = {};
  for (let i = 0; i < names.length; i++) named[names[i]] = values[i];
  return named;
}

function formOf(cell: Cell, inputs: Shaped, { reverse, activation }: SequenceSettings): RecurrentForm {
  const [steps, batch, features] = inputs.x!.view.shape;
  const [width] = inputs.weightIh!.view.shape;
  const outputs = inputs.weightHh!.view.shape[1];
  return { steps, batch, inputs: features, hidden: width / GATES[cell], outputs, reverse, activation };
}

// ---- shapes

const shapesOf = (
  cell: Cell,
  { steps, batch, inputs, hidden, outputs }: RecurrentForm,
): Record<string, Shape> => {
  const width = GATES[cell] * hidden;
  return {
    x: [steps, batch, inputs],
    weightIh: [width, inputs],
    weightHh: [width, outputs],
    h0: [batch, outputs],
    c0: [batch, hidden],
    biasIh: [width],
    biasHh: [width],
    weightHr: [outputs, hidden],
    lengths: [batch],
    y: [steps, batch, outputs],
    h: [batch, outputs],
    c: [batch, hidden],
    gates: [steps, batch, 4 * hidden],
    cells: [steps, batch, hidden],
    hidden: [steps, batch, hidden],
  };
};

const LAYOUT: Readonly<Record<string, string>> = {
  x: "[T, B, I]",
  weightHh: "[G H, D]",
  h0: "[B, D]",
  c0: "[B, H]",
  biasIh: "[G H]",
  biasHh: "[G H]",
  weightHr: "[D, H]",
};

function checkShapes(
  cell: Cell,
  names: readonly string[],
  inputs: readonly Tensor[],
  form: RecurrentForm,
  expected: Readonly<Record<string, Shape>>,
): void {
  const projects = names.includes("weightHr");
  const fits =
    Number.isInteger(form.hidden) &&
    form.hidden > 0 &&
    (projects || form.outputs === form.hidden) &&
    names.every((name, i) => sameShape(inputs[i].shape, expected[name]));
  if (!fits) {
    const gates = GATES[cell] === 1 ? "H" : `${String(GATES[cell])} H`;
    const layout = (name: string): string => {
      if (name === "weightIh") return `weightIh [${gates}, I]`;
      const text = (LAYOUT[name] ?? "[B]").replace("G H", gates);
      return `${name} ${projects ? text : text.replace("D", "H")}`;
    };
    throw new ShapeError(
      cell,
      `the inputs must be ${names.map(layout).join(", ")}; got ` +
        `${names.map((name, i) => `${name} ${formatShape(inputs[i].shape)}`).join(", ")}.`,
    );
  }
  if (form.steps > 0) return;
  throw new ShapeError(
    cell,
    `the sequence must have at least one step; got x ${formatShape(expected.x)} with the axes [T, B, I].`,
  );
}

function inferSequence(
  cell: Cell,
  names: readonly string[],
  outputs: readonly string[],
  inputs: readonly Tensor[],
  settings: SequenceSettings,
): OutputSpec[] {
  const named = byName(names, inputs);
  requireFloat(cell, named.x);
  // The only one that is no float comes last.
  requireSameDType(cell, names.includes("lengths") ? inputs.slice(0, -1) : inputs, names);
  requireRank(cell, "weightIh", named.weightIh, 2, "[gates, features]");
  requireRank(cell, "weightHh", named.weightHh, 2, "[gates, features]");
  if (names.includes("lengths")) requireIndex(cell, named.lengths);
  const form = formOf(cell, named, settings);
  const shapes = shapesOf(cell, form);
  checkShapes(cell, names, inputs, form, shapes);
  return outputs.map((name) => ({ view: View.of(shapes[name]), dtype: named.x.dtype }));
}

// ---- the primitive

const forward = new Map<string, Primitive<SequenceSettings>>();

function sequencePrimitive(cell: Cell, names: readonly string[]): Primitive<SequenceSettings> {
  const key = `${cell} ${names.join(" ")}`;
  const known = forward.get(key);
  if (known) return known;
  const outputs = outputNames(cell, names);
  const saved = outputs.filter((name) => name !== "h" && name !== "c");
  const made = primitive<string, SequenceSettings, readonly string[], string>({
    name: cell,
    inputs: names,
    outputs,
    infer: (inputs, settings) => inferSequence(cell, names, outputs, inputs, settings),
    fused: cell,
    kernel: (k, inputs, results, settings) => {
      const kernel = k.fused[cell];
      if (kernel === "decompose") return;
      const named = byName(names, inputs);
      kernel(
        named as unknown as RecurrentInputs,
        byName(outputs, results) as unknown as RecurrentOutputs,
        formOf(cell, named, settings),
      );
    },
    decompose: (inputs, settings) =>
      decompositions[cell](byName(names, inputs) as unknown as PlainInputs, settings),
    saves: [...names, ...saved],
    vjp: "decompose",
    fusedVjp: `${cell}Grad`,
    vjpKernel: (g, values, settings, needs) => gradients(cell, names, g, values, settings, needs),
  });
  forward.set(key, made);
  return made;
}

type PlainInputs = Parameters<(typeof decompositions)[Cell]>[0];

// ---- backward by kernel

interface GradientAttrs extends SequenceSettings {
  readonly cell: Cell;
  readonly names: readonly string[];
  readonly wanted: readonly string[];
}

const backward = new Map<string, Primitive<GradientAttrs>>();

function gradientPrimitive(
  cell: Cell,
  names: readonly string[],
  wanted: readonly string[],
): Primitive<GradientAttrs> {
  const key = `${cell} ${names.join(" ")} > ${wanted.join(" ")}`;
  const known = backward.get(key);
  if (known) return known;
  const made = primitive<string, GradientAttrs, readonly string[]>({
    name: `${cell}Grad`,
    inputs: names,
    outputs: wanted.map((name) => `gradient of ${name}`),
    infer: (inputs) => wanted.map((name) => inputs[names.indexOf(name)]),
    kernel: (k, inputs, results, settings) => {
      const kernel = k.fused[`${cell}Grad`];
      if (kernel === "decompose") return;
      const all = byName<Operand>(names, inputs);
      kernel(
        all as unknown as RecurrentInputs,
        all as unknown as RecurrentOutputs,
        incoming(all),
        byName(wanted, results) as unknown as RecurrentGradients,
        formOf(cell, all, settings),
      );
    },
  });
  backward.set(key, made);
  return made;
}

const incoming = ({
  gy,
  gh,
  gc,
}: Readonly<Record<string, Operand | undefined>>): Record<string, Operand> => ({
  ...(gy && { y: gy }),
  ...(gh && { h: gh }),
  ...(gc && { c: gc }),
});

// Null where the plain ops ran forward and left no private buffers: they are then walked themselves.
function gradients(
  cell: Cell,
  names: readonly string[],
  g: readonly (Tensor | null)[],
  saved: Readonly<Record<string, Tensor | undefined>>,
  settings: SequenceSettings,
  needs: readonly boolean[],
): readonly (Tensor | null)[] | null {
  const all: Record<string, Tensor> = {};
  for (const [name, x] of Object.entries(saved)) if (x !== undefined) all[name] = x;
  if (PRIVATE[cell].some((name) => !(name in all))) return null;
  if (g[0] !== null) all.gy = g[0];
  if (g[1] !== null) all.gh = g[1];
  if (cell === "lstm" && g[2] !== null) all.gc = g[2];
  // The states' gradients are carried from step to step in their own buffers.
  const wanted = names.filter((name, i) => needs[i] || name === "h0" || name === "c0");
  const given = Object.keys(all);
  const results = applyMany(gradientPrimitive(cell, given, wanted), Object.values(all), {
    ...settings,
    cell,
    names: given,
    wanted,
  });
  return names.map((name, i) => (needs[i] ? results[wanted.indexOf(name)] : null));
}

// ---- what the ops call

export interface SequenceResult {
  readonly y: Tensor;
  readonly h: Tensor;
  readonly c: Tensor | null;
}

/** Runs a layer; initial states that are not given are zeros. */
export function runSequence(cell: Cell, inputs: SequenceInputs, settings: SequenceSettings): SequenceResult {
  for (const name of INPUTS) inputs[name]?.assertAlive(cell);
  requireRank(cell, "x", inputs.x, 3, "[T, B, I]");
  requireRank(cell, "weightHh", inputs.weightHh, 2, "[gates, features]");
  const { x, weightHh } = inputs;
  return scope<SequenceResult>(cell, () => {
    const zeros = (size: number): Tensor => fill(x.device, [x.shape[1], size], 0, x.dtype);
    const [width, outputs] = weightHh.shape;
    const given: SequenceInputs = {
      ...inputs,
      h0: inputs.h0 ?? zeros(outputs),
      ...(cell === "lstm" && { c0: inputs.c0 ?? zeros(Math.floor(width / 4)) }),
    };
    const names = INPUTS.filter((name) => given[name] != null);
    const tensors = names.map((name) => given[name]!);
    const [y, h, c] = applyMany(sequencePrimitive(cell, names), tensors, settings);
    return { y, h, c: cell === "lstm" ? c : null };
  });
}
