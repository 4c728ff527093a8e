// Recurrent layers on the wasm device, backward: the steps in one call give the gradient before the activations for all
// steps; from it every other gradient is one product over steps and batch.
import type { FusedKernels, Operand } from "../kernels.ts";
import type {
  RecurrentForm,
  RecurrentGradients,
  RecurrentGradKernel,
  RecurrentInputs,
} from "../recurrent.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import {
  align,
  cellSizes,
  copyOrClear,
  matrix,
  multiply,
  optional,
  packProjection,
  packWeights,
  projectionPanelBytes,
  TILE_BYTES,
  turned,
  weightPanelBytes,
} from "./recurrent-weights.ts";
import type { Cell, Matrix } from "./recurrent-weights.ts";

const ACTIVATIONS = { tanh: 0, relu: 1 };

/** What a backward pass works with beside the tensors; 0 where it is not needed. */
interface Memory {
  readonly tile: number;
  readonly pack: number;
  /** [T, B, columns]: the gradient before the activations. */
  readonly gates: number;
  /** [B, columns], for `firstRows`; and room for a sum over rows. */
  readonly first: number;
  readonly panels: number;
  readonly projectionPanels: number;
  /** With a projection, [T, B, outputs]: the gradient of y, the state's included; and [B, hidden] of working space. */
  readonly out: number;
  readonly hidden: number;
}

type Gradient = Pick<FusedKernels, "rnnGrad" | "lstmGrad" | "gruGrad">;

export function recurrentGradKernels(e: KernelExports, workspace: Workspace): Gradient {
  function packBytes(width: number, { steps, batch, inputs, hidden, outputs }: RecurrentForm): number {
    const rows = steps * batch;
    return Math.max(
      e.gemm_scratch_bytes(rows, inputs, width),
      e.gemm_scratch_bytes(width, inputs, rows),
      e.gemm_scratch_bytes(width, outputs, rows),
      e.gemm_scratch_bytes(width, outputs, batch),
      e.gemm_scratch_bytes(outputs, hidden, rows),
    );
  }

  /** Runs with the working memory, the recurrent weights packed in it. */
  function prepare(
    cell: Cell,
    { weightHh, weightHr }: RecurrentInputs,
    form: RecurrentForm,
    run: (memory: Memory) => void,
  ): void {
    const { width, columns, runs } = cellSizes(cell, form.hidden);
    const { batch, outputs, hidden } = form;
    const rows = form.steps * batch;
    const sizes = {
      gates: align(rows * columns * 4),
      first: align(batch * columns * 4),
      panels: weightPanelBytes(runs, form, false),
      projectionPanels: weightHr ? projectionPanelBytes(form) : 0,
      out: weightHr ? align(rows * outputs * 4) : 0,
      hidden: weightHr ? align(batch * hidden * 4) : 0,
    };
    const tile = workspace.scratch(TILE_BYTES + packBytes(width, form));
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    workspace.borrow(total, (start) => {
      let next = start;
      const place = (bytes: number): number => {
        const ptr = bytes === 0 ? 0 : next;
        next += bytes;
        return ptr;
      };
      const memory: Memory = {
        tile,
        pack: tile + TILE_BYTES,
        gates: place(sizes.gates),
        first: place(sizes.first),
        panels: place(sizes.panels),
        projectionPanels: place(sizes.projectionPanels),
        out: place(sizes.out),
        hidden: place(sizes.hidden),
      };
      if (memory.panels) packWeights(e, weightHh, runs, form, false, memory.panels);
      if (weightHr && memory.projectionPanels)
        packProjection(e, weightHr, form, false, memory.projectionPanels);
      run(memory);
    });
  }

  /** The rows of the gates whose state before was the initial one, one below the other. */
  function firstRows(form: RecurrentForm, lengths: Operand | undefined, columns: number, m: Memory): number {
    const { steps, batch, reverse } = form;
    if (!reverse) return m.gates;
    if (!lengths) return m.gates + (steps - 1) * batch * columns * 4;
    const ends = workspace.heap.window("int32", pointer(lengths), batch);
    for (let b = 0; b < batch; b++) {
      const row = (ends[b] - 1) * batch + b;
      e.copy_f32(m.gates + row * columns * 4, m.first + b * columns * 4, 0, columns);
    }
    return m.first;
  }

  /** gW_hh: gates of all steps but the first times the states before them, and those of the first times h0. */
  function recurrentWeights(
    cell: Cell,
    { h0, lengths }: RecurrentInputs,
    y: Operand,
    gradient: Operand,
    form: RecurrentForm,
    m: Memory,
  ): void {
    const { steps, batch, outputs, reverse } = form;
    const { columns, runs } = cellSizes(cell, form.hidden);
    const after = m.gates + (reverse ? 0 : batch * columns * 4);
    const before = matrix(pointer(y) + (reverse ? batch * outputs * 4 : 0), outputs);
    const start = firstRows(form, lengths, columns, m);
    for (const { column, row, size } of runs) {
      const to = matrix(pointer(gradient) + row * outputs * 4, outputs);
      const of = (ptr: number): Matrix => turned(matrix(ptr + column * 4, columns));
      multiply(e, [of(after), before, to], [size, outputs, (steps - 1) * batch], m.pack);
      const initial = matrix(pointer(h0), outputs);
      multiply(e, [of(start), initial, to], [size, outputs, batch], m.pack, { accumulate: 1 });
    }
  }

  function biases(cell: Cell, gradients: RecurrentGradients, form: RecurrentForm, m: Memory): void {
    const { biasIh, biasHh } = gradients;
    if (!biasIh && !biasHh) return;
    const { width, columns, runs } = cellSizes(cell, form.hidden);
    e.sum_f32(m.gates, m.first, form.steps * form.batch, columns, 0, columns);
    if (biasIh) e.copy_f32(m.first, pointer(biasIh), 0, width);
    if (!biasHh) return;
    for (const { column, row, size } of runs)
      e.copy_f32(m.first + column * 4, pointer(biasHh) + row * 4, 0, size);
  }

  /** All that follows from the gradient before the activations. */
  function finish(
    cell: Cell,
    inputs: RecurrentInputs,
    outputs: Parameters<RecurrentGradKernel>[1],
    gradients: RecurrentGradients,
    form: RecurrentForm,
    m: Memory,
  ): void {
    const { width, columns } = cellSizes(cell, form.hidden);
    const rows = form.steps * form.batch;
    const g = matrix(m.gates, columns);
    const at = (x: Operand): Matrix => matrix(pointer(x), form.inputs);
    if (gradients.x)
      multiply(e, [g, at(inputs.weightIh), at(gradients.x)], [rows, form.inputs, width], m.pack);
    if (gradients.weightIh)
      multiply(e, [turned(g), at(inputs.x), at(gradients.weightIh)], [width, form.inputs, rows], m.pack);
    if (gradients.weightHh) recurrentWeights(cell, inputs, outputs.y, gradients.weightHh, form, m);
    if (gradients.weightHr) {
      const projected = turned(matrix(m.out, form.outputs));
      const hidden = matrix(pointer(outputs.hidden!), form.hidden);
      const to = matrix(pointer(gradients.weightHr), form.hidden);
      multiply(e, [projected, hidden, to], [form.outputs, form.hidden, rows], m.pack);
    }
    biases(cell, gradients, form, m);
  }

  /** The gradients of the initial states serve as the running ones; `steps` walks them back. */
  const gradient =
    (cell: Cell, steps: (m: Memory, ...rest: Parameters<RecurrentGradKernel>) => void): RecurrentGradKernel =>
    (inputs, outputs, incoming, gradients, form) => {
      if (outputs.y.view.size === 0) {
        for (const one of Object.values(gradients)) copyOrClear(e, undefined, one);
        return;
      }
      copyOrClear(e, incoming.h, gradients.h0);
      if (gradients.c0) copyOrClear(e, incoming.c, gradients.c0);
      prepare(cell, inputs, form, (memory) => {
        steps(memory, inputs, outputs, incoming, gradients, form);
        finish(cell, inputs, outputs, gradients, form, memory);
      });
    };

  return {
    rnnGrad: gradient("rnn", (m, inputs, { y }, incoming, { h0 }, form) => {
      e.rnn_grad_f32(
        ACTIVATIONS[form.activation],
        optional(incoming.y),
        pointer(y),
        pointer(inputs.weightHh),
        m.panels,
        pointer(h0),
        m.gates,
        optional(inputs.lengths),
        form.steps,
        form.batch,
        form.hidden,
        Number(form.reverse),
        m.tile,
        0,
        form.batch,
      );
    }),

    lstmGrad: gradient("lstm", (m, inputs, { gates, cells }, incoming, { h0, c0 }, form) => {
      e.lstm_grad_f32(
        optional(incoming.y),
        pointer(gates!),
        pointer(cells!),
        pointer(inputs.c0!),
        pointer(inputs.weightHh),
        m.panels,
        optional(inputs.weightHr),
        m.projectionPanels,
        pointer(h0),
        pointer(c0!),
        m.gates,
        m.out,
        m.hidden,
        optional(inputs.lengths),
        form.steps,
        form.batch,
        form.hidden,
        form.outputs,
        Number(form.reverse),
        m.tile,
        0,
        form.batch,
      );
    }),

    gruGrad: gradient("gru", (m, inputs, { y, gates }, incoming, { h0 }, form) => {
      e.gru_grad_f32(
        optional(incoming.y),
        pointer(gates!),
        pointer(y),
        pointer(inputs.h0),
        pointer(inputs.weightHh),
        m.panels,
        pointer(h0),
        m.gates,
        optional(inputs.lengths),
        form.steps,
        form.batch,
        form.hidden,
        Number(form.reverse),
        m.tile,
        0,
        form.batch,
      );
    }),
  };
}
