// The one door between tensors and kernels: every op passes through `apply`, which checks the inputs, infers the
// outputs, makes operands resident and dense, runs the kernel, and records the op where a gradient may flow.
import type { Device } from "../backend/device.ts";
import type { Operand } from "../backend/kernels.ts";
import { isFloating } from "../core/dtype.ts";
import { DTypeError, DeviceError } from "../core/errors.ts";
import { View } from "../core/view.ts";
import { isRecording, withRecording } from "./mode.ts";
import { Node } from "./node.ts";
import { currentObserver } from "./observer.ts";
import type { Observer } from "./observer.ts";
import { isMutated } from "./primitive.ts";
import type { AnyPrimitive, OutputSpec, Primitive } from "./primitive.ts";
import { ownsBuffer, Tensor } from "./tensor.ts";

/** What a primitive without inputs must say in its attributes. */
export interface SourceAttrs {
  readonly device: Device;
}

/** Runs a primitive with one output. */
export function apply<A>(p: Primitive<A>, inputs: readonly Tensor[], attrs: A): Tensor {
  const device = checkInputs(p.name, inputs, attrs);
  if (p.view !== null) {
    const x = inputs[0];
    return record(p, inputs, attrs, new Tensor(x.storage, p.view(x, attrs), p.name, null, 0));
  }
  const spec = p.infer(inputs, attrs) as OutputSpec;
  if (p.fused !== null && device.kernels.fused[p.fused] === "decompose") {
    return record(
      p,
      inputs,
      attrs,
      withRecording(false, () => p.decompose!(inputs, attrs) as Tensor),
    );
  }
  const operands = prepare(p, inputs, device);
  try {
    return record(p, inputs, attrs, compute(p, device, spec, operands, attrs));
  } finally {
    if (operands !== inputs) releaseCopies(operands, inputs);
  }
}

/**
 * As `apply`, for an op that works element by element and gives what its first input is like, in shape and dtype: where
 * that input's handle is all that holds its buffer, as with most gradients on their way back, the result is written over
 * it. The input must not be read again. Not recorded.
 */
export function applyOver<A>(p: Primitive<A>, inputs: readonly Tensor[], attrs: A): Tensor {
  const x = inputs[0];
  // An observer looks at the inputs afterwards.
  if (!ownsBuffer(x) || currentObserver() !== null) return apply(p, inputs, attrs);
  const device = checkInputs(p.name, inputs, attrs);
  p.infer(inputs, attrs);
  const operands = prepare(p, inputs, device);
  try {
    p.kernel(device.kernels, operands, x, attrs);
  } finally {
    if (operands !== inputs) releaseCopies(operands, inputs);
  }
  return new Tensor(x.storage, x.view, p.name, null, 0);
}

function compute<A>(
  p: Primitive<A>,
  device: Device,
  spec: OutputSpec,
  operands: readonly Operand[],
  attrs: A,
): Tensor {
  const y = allocate(p.name, device, spec, 0);
  try {
    p.kernel(device.kernels, operands, y, attrs);
    return y;
  } catch (error) {
    y.dispose();
    throw error;
  }
}

/** Runs a primitive with several outputs. */
export function applyMany<A>(p: Primitive<A>, inputs: readonly Tensor[], attrs: A): Tensor[] {
  const device = checkInputs(p.name, inputs, attrs);
  const specs = p.infer(inputs, attrs) as readonly OutputSpec[];
  if (p.fused !== null && device.kernels.fused[p.fused] === "decompose") {
    const made = inSlots(p.name, withRecording(false, () => p.decompose!(inputs, attrs)) as Tensor[]);
    recordMany(p, inputs, attrs, made);
    return made;
  }
  const operands = prepare(p, inputs, device);
  const outputs: Tensor[] = [];
  try {
    for (let i = 0; i < specs.length; i++) outputs.push(allocate(p.name, device, specs[i], i));
    p.kernel(device.kernels, operands, outputs, attrs);
  } catch (error) {
    for (const y of outputs) y.dispose();
    throw error;
  } finally {
    if (operands !== inputs) releaseCopies(operands, inputs);
  }
  recordMany(p, inputs, attrs, outputs);
  return outputs;
}

/** Runs a primitive that overwrites some of its inputs; graphs that saved one of them will refuse to run backward. */
export function applyInPlace<A>(p: Primitive<A>, inputs: readonly Tensor[], attrs: A): void {
  const device = checkInputs(p.name, inputs, attrs);
  p.infer(inputs, attrs);
  const operands = prepare(p, inputs, device);
  try {
    p.kernel(device.kernels, operands, [], attrs);
    // A target of awkward layout was updated in a dense copy.
    if (operands !== inputs) writeBack(p, device, inputs, operands);
  } finally {
    if (operands !== inputs) releaseCopies(operands, inputs);
  }
  for (let i = 0; i < inputs.length; i++) if (isMutated(p, i)) inputs[i].storage.version++;
  currentObserver()?.changed(p, inputs);
}

function writeBack(
  p: AnyPrimitive,
  device: Device,
  inputs: readonly Tensor[],
  operands: readonly Operand[],
): void {
  inputs.forEach((x, i) => {
    if (isMutated(p, i) && operands[i] !== x) device.kernels.copy(operands[i], x);
  });
}

/** Handles that know which output they are, in place of those that plain ops made. */
function inSlots(op: string, outputs: readonly Tensor[]): Tensor[] {
  return outputs.map((y, slot) => {
    const handle = new Tensor(y.storage, y.view, op, null, slot);
    y.dispose();
    return handle;
  });
}

function checkInputs(op: string, inputs: readonly Tensor[], attrs: unknown): Device {
  if (inputs.length === 0) return (attrs as SourceAttrs).device;
  if (!(inputs[0] instanceof Tensor)) failTensor(op, inputs[0]);
  const { device } = inputs[0].storage;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i];
    if (!(x instanceof Tensor)) failTensor(op, x);
    if (x.isDisposed) x.assertAlive(op);
    if (x.storage.device !== device) failDevices(op, inputs);
  }
  return device;
}

function failTensor(op: string, x: unknown): never {
  const got = x === null ? "null" : typeof x;
  throw new DTypeError(op, `inputs must be tensors; got ${got}. Make one with tensor(...).`);
}

function failDevices(op: string, inputs: readonly Tensor[]): never {
  const names = [...new Set(inputs.map((x) => `"${x.device.name}"`))].join(" and ");
  throw new DeviceError(op, `inputs must lie on one device; got ${names}. Move them with x.to({ device }).`);
}

// Opens the op on the device: inputs become resident and stay so until the next op; awkward layouts are copied.
function prepare(p: AnyPrimitive, inputs: readonly Tensor[], device: Device): readonly Operand[] {
  device.beginOp(p.name, inputs);
  let awkward = false;
  for (let i = 0; i < inputs.length; i++) {
    if (!inputs[i].view.dense && !p.strided[i]) awkward = true;
  }
  return awkward ? copyAwkward(p, inputs, device) : inputs;
}

function copyAwkward(p: AnyPrimitive, inputs: readonly Tensor[], device: Device): readonly Operand[] {
  const operands: Operand[] = [...inputs];
  try {
    inputs.forEach((x, i) => {
      if (!x.view.dense && !p.strided[i]) operands[i] = denseCopy(p.name, x, device);
    });
    return operands;
  } catch (error) {
    releaseCopies(operands, inputs);
    throw error;
  }
}

function denseCopy(op: string, x: Operand, device: Device): Operand {
  const storage = device.allocate(op, x.storage.dtype, x.view.size);
  storage.addHandle();
  const copy = { storage, view: View.of(x.view.shape) };
  device.kernels.copy(x, copy);
  return copy;
}

function releaseCopies(operands: readonly Operand[], inputs: readonly Tensor[]): void {
  operands.forEach((operand, i) => {
    if (operand !== inputs[i]) operand.storage.releaseHandle();
  });
}

function allocate(op: string, device: Device, spec: OutputSpec, slot: number): Tensor {
  const view = spec.view.fresh();
  return new Tensor(device.allocate(op, spec.dtype, view.size), view, op, null, slot);
}

function needsRecord(p: AnyPrimitive, inputs: readonly Tensor[]): boolean {
  if (!p.differentiable || !isRecording()) return false;
  for (let i = 0; i < inputs.length; i++) if (inputs[i].node !== null) return true;
  return false;
}

function record(p: AnyPrimitive, inputs: readonly Tensor[], attrs: unknown, y: Tensor): Tensor {
  // A gradient ends where the values become whole numbers.
  if (needsRecord(p, inputs) && isFloating(y.storage.dtype))
    attach(new Node(p, attrs, inputs, p.savesOutputs ? [y] : NONE), y);
  const observer = currentObserver();
  if (observer !== null) watch(observer, p, inputs, [y]);
  return y;
}

function watch(
  observer: Observer,
  p: AnyPrimitive,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): void {
  try {
    observer.made(p, inputs, outputs);
  } catch (error) {
    for (const y of outputs) y.dispose();
    throw error;
  }
}

/** Ties outputs that were computed elsewhere to their inputs: custom functions, checkpoints. */
export function recordMany(
  p: AnyPrimitive,
  inputs: readonly Tensor[],
  attrs: unknown,
  outputs: readonly Tensor[],
): void {
  if (needsRecord(p, inputs)) {
    const node = new Node(p, attrs, inputs, p.savesOutputs ? outputs : NONE);
    for (let i = 0; i < outputs.length; i++) if (isFloating(outputs[i].dtype)) attach(node, outputs[i]);
  }
  const observer = currentObserver();
  if (observer !== null) watch(observer, p, inputs, outputs);
}

function attach(node: Node, y: Tensor): void {
  y.node = node;
  node.refs++;
}

const NONE: readonly never[] = [];
