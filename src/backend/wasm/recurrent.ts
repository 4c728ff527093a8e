// Recurrent layers on the wasm device, forward: one product for the inputs of all steps, then all steps in one call.
import type { FusedKernels } from "../kernels.ts";
import type { RecurrentForm, RecurrentInputs, RecurrentKernel } from "../recurrent.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import { recurrentGradKernels } from "./recurrent-grad.ts";
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
import type { Cell } from "./recurrent-weights.ts";

const ACTIVATIONS = { tanh: 0, relu: 1 };

/** Memory of the steps; panels are 0 for a batch of one. */
interface StepMemory {
  readonly tile: number;
  readonly panels: number;
  readonly projectionPanels: number;
}

type Recurrent = Pick<FusedKernels, "rnn" | "rnnGrad" | "lstm" | "lstmGrad" | "gru" | "gruGrad">;

export function recurrentKernels(e: KernelExports, workspace: Workspace): Recurrent {
  /** The bias of the input product: b_ih + b_hh, but for the gru's n b_ih alone. */
  function sumBiases(cell: Cell, { biasIh, biasHh }: RecurrentInputs, hidden: number, ptr: number): number {
    if (!biasIh || !biasHh) return 0;
    const { width } = cellSizes(cell, hidden);
    const both = cell === "gru" ? 2 * hidden : width;
    e.add_f32(pointer(biasIh), 0, 1, pointer(biasHh), 0, 1, ptr, both, 0, both);
    if (both < width) e.copy_f32(pointer(biasIh) + both * 4, ptr + both * 4, 0, width - both);
    return ptr;
  }

  /** The input product into the gates, then `steps`. */
  function run(
    cell: Cell,
    inputs: RecurrentInputs,
    form: RecurrentForm,
    gates: number,
    steps: (memory: StepMemory) => void,
  ): void {
    const { width, columns, runs } = cellSizes(cell, form.hidden);
    const sizes = [form.steps * form.batch, width, form.inputs] as const;
    const biasBytes = align(width * 4);
    const tile = workspace.scratch(TILE_BYTES + biasBytes + e.gemm_scratch_bytes(...sizes));
    const bias = sumBiases(cell, inputs, form.hidden, tile + TILE_BYTES);
    const x = matrix(pointer(inputs.x), form.inputs);
    const weight = turned(matrix(pointer(inputs.weightIh), form.inputs));
    multiply(e, [x, weight, matrix(gates, columns)], sizes, tile + TILE_BYTES + biasBytes, { bias });
    if (form.batch === 1) {
      steps({ tile, panels: 0, projectionPanels: 0 });
      return;
    }
    const { weightHh, weightHr } = inputs;
    const weightBytes = weightPanelBytes(runs, form, true);
    workspace.borrow(weightBytes + (weightHr ? projectionPanelBytes(form) : 0), (panels) => {
      packWeights(e, weightHh, runs, form, true, panels);
      if (weightHr) packProjection(e, weightHr, form, true, panels + weightBytes);
      steps({ tile, panels, projectionPanels: weightHr ? panels + weightBytes : 0 });
    });
  }

  const rnn: RecurrentKernel = (inputs, { y, h }, form) => {
    if (y.view.size === 0) return;
    copyOrClear(e, inputs.h0, h);
    run("rnn", inputs, form, pointer(y), ({ tile, panels }) => {
      e.rnn_f32(
        ACTIVATIONS[form.activation],
        pointer(y),
        pointer(inputs.weightHh),
        panels,
        pointer(h),
        optional(inputs.lengths),
        form.steps,
        form.batch,
        form.hidden,
        Number(form.reverse),
        tile,
        0,
        form.batch,
      );
    });
  };

  const lstm: RecurrentKernel = (inputs, { y, h, c, gates, cells, hidden }, form) => {
    if (y.view.size === 0) return;
    copyOrClear(e, inputs.h0, h);
    copyOrClear(e, inputs.c0, c!);
    run("lstm", inputs, form, pointer(gates!), ({ tile, panels, projectionPanels }) => {
      e.lstm_f32(
        pointer(gates!),
        pointer(inputs.weightHh),
        panels,
        optional(inputs.weightHr),
        projectionPanels,
        pointer(h),
        pointer(c!),
        pointer(y),
        pointer(cells!),
        optional(hidden),
        optional(inputs.lengths),
        form.steps,
        form.batch,
        form.hidden,
        form.outputs,
        Number(form.reverse),
        tile,
        0,
        form.batch,
      );
    });
  };

  const gru: RecurrentKernel = (inputs, { y, h, gates }, form) => {
    if (y.view.size === 0) return;
    copyOrClear(e, inputs.h0, h);
    const biasOfN = inputs.biasHh ? pointer(inputs.biasHh) + 2 * form.hidden * 4 : 0;
    run("gru", inputs, form, pointer(gates!), ({ tile, panels }) => {
      e.gru_f32(
        pointer(gates!),
        biasOfN,
        pointer(inputs.weightHh),
        panels,
        pointer(h),
        pointer(y),
        optional(inputs.lengths),
        form.steps,
        form.batch,
        form.hidden,
        Number(form.reverse),
        tile,
        0,
        form.batch,
      );
    });
  };

  return { rnn, lstm, gru, ...recurrentGradKernels(e, workspace) };
}
