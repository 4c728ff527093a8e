// Convolution on the wasm device: a plan (packed weights, tables of pixels and taps) is made once per call, then a pass
// runs over it. assembly/conv.ts tells the protocol.
import type { BufferData } from "../../core/dtype.ts";
import type { ConvGeometry, KernelFamilies } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

const FORWARD = 0;
const INPUT_GRAD = 1;
const WEIGHT_GRAD = 2;
const FINISH = 3;

const GEOMETRY_WORDS = 22;
const GEOMETRY_BYTES = 128; // the words, rounded up so that the plan behind them is aligned

function writeGeometry(words: BufferData, o: ConvGeometry): void {
  words.set([o.batch, o.groups, o.inChannels / o.groups, o.outChannels / o.groups]);
  writeAxes(words, 4, o.input, 1);
  writeAxes(words, 7, o.output, 1);
  writeAxes(words, 10, o.kernel, 1);
  writeAxes(words, 13, o.stride, 1);
  writeAxes(words, 16, o.padding, 0);
  writeAxes(words, 19, o.dilation, 1);
}

// Always three; missing spatial axes come first, as size 1 without padding.
function writeAxes(words: BufferData, at: number, values: readonly number[], filler: number): void {
  const missing = 3 - values.length;
  for (let i = 0; i < 3; i++) words[at + i] = i < missing ? filler : values[i - missing];
}

interface PassMemory {
  readonly geometryPtr: number;
  readonly planPtr: number;
  readonly scratchPtr: number;
}

export function convKernels(
  e: KernelExports,
  workspace: Workspace,
): Pick<KernelFamilies, "conv" | "convInputGrad" | "convWeightGrad"> {
  // Geometry and plan lie behind each other; how much the latter takes depends on the former.
  function prepare(o: ConvGeometry, pass: number, wPtr: number): PassMemory {
    const write = (ptr: number): void => {
      writeGeometry(workspace.heap.window("int32", ptr, GEOMETRY_WORDS), o);
    };
    let geometryPtr = workspace.shared(GEOMETRY_BYTES);
    write(geometryPtr);
    geometryPtr = workspace.shared(GEOMETRY_BYTES + e.conv_plan_bytes(geometryPtr, pass));
    write(geometryPtr);
    const planPtr = geometryPtr + GEOMETRY_BYTES;
    const scratchPtr = workspace.scratch(e.conv_scratch_bytes(geometryPtr, pass));
    e.conv_plan_f32(geometryPtr, pass, wPtr, planPtr);
    return { geometryPtr, planPtr, scratchPtr };
  }

  return {
    conv(x, w, bias, y, geometry) {
      const { geometryPtr, planPtr, scratchPtr } = prepare(geometry, FORWARD, pointer(w));
      const units = e.conv_units(geometryPtr, FORWARD);
      e.conv_f32(
        pointer(x),
        bias ? pointer(bias) : 0,
        pointer(y),
        geometryPtr,
        planPtr,
        scratchPtr,
        0,
        units,
      );
    },
    convInputGrad(g, w, gx, geometry) {
      const { geometryPtr, planPtr, scratchPtr } = prepare(geometry, INPUT_GRAD, pointer(w));
      const units = e.conv_units(geometryPtr, INPUT_GRAD);
      e.conv_input_grad_f32(pointer(g), pointer(gx), geometryPtr, planPtr, scratchPtr, 0, units);
    },
    convWeightGrad(x, g, gw, geometry) {
      const { geometryPtr, planPtr, scratchPtr } = prepare(geometry, WEIGHT_GRAD, 0);
      const units = e.conv_units(geometryPtr, WEIGHT_GRAD);
      e.conv_weight_grad_f32(pointer(x), pointer(g), geometryPtr, planPtr, scratchPtr, 0, units);
      e.conv_weight_grad_finish_f32(pointer(gw), geometryPtr, planPtr, 0, e.conv_units(geometryPtr, FINISH));
    },
  };
}
