// ONNX operators that move elements without computing: shapes, slices, indices, padding.
import {
  add,
  arange,
  cat,
  cast,
  expand,
  eye,
  gather,
  index,
  indexAdd,
  indexSelect,
  mul,
  nonzero,
  oneHot,
  pad,
  permute,
  pixelShuffle,
  reshape,
  scatter,
  slice,
  split,
  squeeze,
  tensor,
  tile,
  tril,
  triu,
  unsqueeze,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { heldAs, positive, upload } from "../invocation.ts";
import type { Invocation, Operators } from "../invocation.ts";
import { elementName } from "../model.ts";

const integers = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape, device: "wasm" });

/** Indices may count from the end; the library's index tensors may not everywhere. */
function counted(index: Tensor, n: number): Tensor {
  const values = Array.from(index.dataSync(), (i) => (i < 0 ? i + n : i));
  return integers(values, index.shape);
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function constant(call: Invocation): Tensor {
  const { element, shape, values } = call.has("value")
    ? call.stored("value")
    : call.has("value_float")
      ? { element: "float32", shape: [], values: [call.number("value_float", 0)] }
      : call.has("value_int")
        ? { element: "int64", shape: [], values: [call.number("value_int", 0)] }
        : listed(call);
  return upload({ name: "", element, shape, values });
}

function listed(call: Invocation): { element: string; shape: number[]; values: readonly number[] } {
  const name = call.has("value_floats") ? "value_floats" : "value_ints";
  const values = call.numbers(name) ?? call.beyond("a constant of another kind");
  return { element: name === "value_floats" ? "float32" : "int64", shape: [values.length], values };
}

function shapeOf(call: Invocation): Tensor {
  const { shape } = call.x();
  return integers(
    shape.slice(call.number("start", 0), call.has("end") ? call.number("end", 0) : shape.length),
  );
}

function reshaped(call: Invocation): Tensor {
  const x = call.x();
  const to = call.list("shape", 1)!;
  const keep = call.number("allowzero", 0) === 0;
  return reshape(
    x,
    to.map((n, i) => (n === 0 && keep ? x.shape[i] : n)),
  );
}

function unsqueezed(call: Invocation): Tensor {
  const axes = call.list("axes", 1)!;
  const rank = call.x().rank + axes.length;
  return axes
    .map((axis) => positive(axis, rank))
    .sort((a, b) => a - b)
    .reduce(unsqueeze, call.x());
}

/** Two axes: those before `axis` and those from it on. */
function flattened(call: Invocation): Tensor {
  const x = call.x();
  const axis = positive(call.number("axis", 1), x.rank);
  return reshape(x, [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
}

function expanded(call: Invocation): Tensor {
  const x = call.x();
  const to = call.values(1)!;
  const rank = Math.max(x.rank, to.length);
  const at = (shape: readonly number[], i: number): number => shape[i - rank + shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, i) => (at(to, i) === 1 ? at(x.shape, i) : at(to, i)));
  return expand(x, shape);
}

/** Where a range stops and starts, as in Python: ends are clamped, negative ones count from the end. */
function sliceAxis(x: Tensor, axis: number, start: number, end: number, step: number): Tensor {
  const n = x.shape[axis];
  const [least, most] = step > 0 ? [0, n] : [-1, n - 1];
  const bound = (i: number): number => Math.min(most, Math.max(least, i < 0 ? i + n : i));
  const [from, to] = [bound(start), bound(end)];
  if (step > 0) return slice(x, axis, from, Math.max(from, to), step);
  const positions: number[] = [];
  for (let i = from; i > to; i += step) positions.push(i);
  return indexSelect(x, axis, integers(positions));
}

function sliced(call: Invocation): Tensor {
  const x = call.x();
  const starts = call.list("starts", 1)!;
  const ends = call.list("ends", 2)!;
  const axes = call.list("axes", 3) ?? starts.map((_, i) => i);
  const steps = call.values(4) ?? starts.map(() => 1);
  return axes.reduce((y, axis, i) => sliceAxis(y, positive(axis, x.rank), starts[i], ends[i], steps[i]), x);
}

function pieces(call: Invocation): Tensor[] {
  const [x, axis] = [call.x(), call.number("axis", 0)];
  const n = x.shape.at(axis)!;
  const sizes = call.list("split", 1) ?? call.node.outputs.map(() => n / call.node.outputs.length);
  return split(x, sizes, axis);
}

function gathered(call: Invocation): Tensor {
  const [x, at] = [call.x(0), call.x(1)];
  const axis = positive(call.number("axis", 0), x.rank);
  const picked = indexSelect(x, axis, reshape(counted(at, x.shape[axis]), [at.size]));
  return reshape(picked, [...x.shape.slice(0, axis), ...at.shape, ...x.shape.slice(axis + 1)]);
}

function gatheredElements(call: Invocation): Tensor {
  const [x, axis] = [call.x(0), positive(call.number("axis", 0), call.x(0).rank)];
  return gather(x, axis, counted(call.x(1), x.shape[axis]));
}

function gatheredPoints(call: Invocation): Tensor {
  const [x, at] = [call.x(0), call.x(1)];
  const batch = call.number("batch_dims", 0);
  const width = at.shape[at.rank - 1];
  const lead = at.shape.slice(0, -1);
  const own = Array.from({ length: batch }, (_, axis) => {
    const inner = product(lead.slice(axis + 1));
    return integers(
      Array.from({ length: product(lead) }, (_, i) => Math.floor(i / inner) % lead[axis]),
      lead,
    );
  });
  const given = Array.from({ length: width }, (_, k) =>
    reshape(counted(slice(at, at.rank - 1, k, k + 1), x.shape[batch + k]), lead),
  );
  return index(x, [...own, ...given]);
}

function scattered(call: Invocation): Tensor {
  const [x, axis] = [call.x(0), positive(call.number("axis", 0), call.x(0).rank)];
  const at = counted(call.x(1), x.shape[axis]);
  const how = call.text("reduction", "none");
  if (how === "none") return scatter(x, axis, at, call.x(2));
  return call.beyond(`reduction ${how}`);
}

function scatteredPoints(call: Invocation): Tensor {
  const [x, at, updates] = [call.x(0), call.x(1), call.x(2)];
  const width = at.shape[at.rank - 1];
  const inner = product(x.shape.slice(width));
  const coordinates = Array.from(at.dataSync());
  const rows = Array.from({ length: at.size / width }, (_, i) =>
    coordinates
      .slice(i * width, (i + 1) * width)
      .reduce((flat, c, axis) => flat * x.shape[axis] + positive(c, x.shape[axis]), 0),
  );
  const flat = reshape(x, [-1, inner]);
  const source = reshape(updates, [rows.length, inner]);
  const how = call.text("reduction", "none");
  if (how === "add") return reshape(indexAdd(flat, 0, integers(rows), source), x.shape);
  if (how !== "none") return call.beyond(`reduction ${how}`);
  const everywhere = rows.flatMap((row) => new Array<number>(inner).fill(row));
  return reshape(scatter(flat, 0, integers(everywhere, [rows.length, inner]), source), x.shape);
}

function padded(call: Invocation): Tensor {
  const x = call.x();
  const pads = call.numbers("pads") ?? call.numbers("paddings") ?? call.values(1)!;
  const value = call.has("value") ? call.number("value", 0) : (call.values(2)?.[0] ?? 0);
  const modes = { constant: "constant", reflect: "reflect", edge: "replicate" } as const;
  const mode = modes[call.text("mode", "constant") as keyof typeof modes];
  // The library lists pairs from the last axis on, and its other modes pad the last axes only.
  const pairs = x.shape.map((_, axis) => [pads[axis], pads[axis + x.rank]]);
  while (pairs.length > 1 && pairs[0].every((n) => n === 0)) pairs.shift();
  return pad(x, pairs.reverse().flat(), { mode, value });
}

function oneHotOf(call: Invocation): Tensor {
  const depth = call.values(1)![0];
  const [off, on] = call.values(2)!;
  const at = cast(call.x(0), "int32");
  const axis = positive(call.number("axis", -1), at.rank + 1);
  const ones = cast(oneHot(counted(at, depth), depth), "float32");
  const order = ones.shape.map((_, i) => i).slice(0, -1);
  order.splice(axis, 0, at.rank);
  return cast(add(mul(permute(ones, order), on - off), off), call.x(2).dtype);
}

function eyeLike(call: Invocation): Tensor {
  const [rows, columns] = call.x().shape;
  const k = call.number("k", 0);
  const dtype = call.has("dtype") ? heldAs(elementName(call.number("dtype", 1))) : call.x().dtype;
  const wide = eye(rows, rows + columns, { device: "wasm" });
  const shifted = k >= 0 ? pad(wide, [k, 0]) : slice(wide, 1, -k);
  return cast(slice(shifted, 1, 0, columns), dtype);
}

const triangle = (call: Invocation): Tensor =>
  (call.number("upper", 1) === 1 ? triu : tril)(call.x(), call.values(1)?.[0] ?? 0);

/** Blocks of the depth become blocks of the plane; "CRD" is the library's pixelShuffle. */
function depthToSpace(call: Invocation): Tensor {
  const [x, block] = [call.x(), call.number("blocksize", 1)];
  if (call.text("mode", "DCR") === "CRD") return pixelShuffle(x, block);
  const [n, c, h, w] = x.shape;
  const parts = reshape(x, [n, block, block, c / block ** 2, h, w]);
  return reshape(permute(parts, [0, 3, 4, 1, 5, 2]), [n, c / block ** 2, h * block, w * block]);
}

function spaceToDepth(call: Invocation): Tensor {
  const [x, block] = [call.x(), call.number("blocksize", 1)];
  const [n, c, h, w] = x.shape;
  const parts = reshape(x, [n, c, h / block, block, w / block, block]);
  return reshape(permute(parts, [0, 3, 5, 1, 2, 4]), [n, c * block ** 2, h / block, w / block]);
}

function compressed(call: Invocation): Tensor {
  const flat = !call.has("axis");
  const x = flat ? reshape(call.x(0), [-1]) : call.x(0);
  const positions = call.values(1)!.flatMap((chosen, i) => (chosen ? [i] : []));
  return indexSelect(x, call.number("axis", 0), integers(positions));
}

/** The first `length` elements of each entry of the batch backward, the rest as they are. */
function reversedSequence(call: Invocation): Tensor {
  const [x, lengths] = [call.x(), call.values(1)!];
  const [batch, time] = [call.number("batch_axis", 1), call.number("time_axis", 0)];
  const whole = lengths.map((length, i) => {
    const entry = slice(x, batch, i, i + 1);
    const order = Array.from({ length: x.shape[time] }, (_, t) => (t < length ? length - 1 - t : t));
    return indexSelect(entry, time, integers(order));
  });
  return cat(whole, batch);
}

export const shapes: Operators = {
  Constant: constant,
  Shape: shapeOf,
  Size: (call) => integers([call.x().size], []),
  Reshape: reshaped,
  Transpose: (call) =>
    permute(call.x(), call.numbers("perm") ?? call.x().shape.map((_, i, s) => s.length - 1 - i)),
  Squeeze: (call) => squeeze(call.x(), call.list("axes", 1) ?? undefined),
  Unsqueeze: unsqueezed,
  Flatten: flattened,
  Expand: expanded,
  Slice: sliced,
  Concat: (call) => cat(call.all(), call.number("axis", 1)),
  Split: pieces,
  Gather: gathered,
  GatherElements: gatheredElements,
  GatherND: gatheredPoints,
  Scatter: scattered,
  ScatterElements: scattered,
  ScatterND: scatteredPoints,
  Tile: (call) => tile(call.x(), call.values(1)!),
  Pad: padded,
  OneHot: oneHotOf,
  EyeLike: eyeLike,
  Trilu: triangle,
  Range: (call) => {
    const [start, end, step] = [0, 1, 2].map((i) => call.values(i)![0]);
    return arange(start, end, step, { dtype: call.x().dtype, device: "wasm" });
  },
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Compress: compressed,
  NonZero: (call) => permute(nonzero(call.x()), [1, 0]),
  ReverseSequence: reversedSequence,
};
