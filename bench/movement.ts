// Moving elements: copies of transposed layouts, lookups and their adjoint.
import { runPerElement } from "./suite.ts";
import type { ElementCase, Suite } from "./suite.ts";
import type { KernelBench } from "./kernels.ts";
import { checkClose, floats, randomFloats } from "./verify.ts";

/** y = x transposed, both dense. */
function transposeCase(kernels: KernelBench, side: number): ElementCase {
  const n = side * side;
  const x = randomFloats(n, 1);
  const [xPtr, yPtr] = [kernels.upload(x), kernels.allocate(n * 4)];
  const { copy_strided_f32 } = kernels.exports;
  const call = (): void =>
    void copy_strided_f32(xPtr, 0, 0, 1, side, yPtr, 0, 0, side, 1, 1, 1, side, side, 0, side);
  call();
  const expected = floats(n, (i) => x[(i % side) * side + Math.floor(i / side)]);
  checkClose("copy_strided", kernels.floats(yPtr, n), expected, 0);
  return { name: `transpose ${String(side)} x ${String(side)}`, elements: n, call };
}

/** Axes 1 and 2 of [batch, a, b, c] swapped: heads of attention. */
function headsCase(kernels: KernelBench): ElementCase {
  const [batch, a, b, c] = [8, 64, 4, 32];
  const n = batch * a * b * c;
  const x = randomFloats(n, 1);
  const [xPtr, yPtr] = [kernels.upload(x), kernels.allocate(n * 4)];
  const { copy_strided_f32 } = kernels.exports;
  const [image, row] = [a * b * c, b * c];
  const call = (): void =>
    void copy_strided_f32(xPtr, image, c, row, 1, yPtr, image, a * c, c, 1, batch, b, a, c, 0, batch * b * a);
  call();
  const source = (i: number): number => {
    const [at, inRow] = [Math.floor(i / c), i % c];
    const [inA, inB] = [at % a, Math.floor(at / a) % b];
    return Math.floor(i / image) * image + inA * row + inB * c + inRow;
  };
  checkClose(
    "copy_strided heads",
    kernels.floats(yPtr, n),
    floats(n, (i) => x[source(i)]),
    0,
  );
  return { name: "swap axes 1, 2 of 8x64x4x32", elements: n, call };
}

/** Rows of a table by number, and their gradients back into it. */
function lookupCases(kernels: KernelBench): ElementCase[] {
  const [words, width, count] = [1000, 64, 2048];
  const [table, g] = [randomFloats(words * width, 1), randomFloats(count * width, 2)];
  const index = Int32Array.from(randomFloats(count, 3, 0, words), Math.floor);
  const [tablePtr, gPtr, indexPtr] = [kernels.upload(table), kernels.upload(g), kernels.upload(index)];
  const [yPtr, gxPtr] = [kernels.allocate(g.byteLength), kernels.allocate(table.byteLength)];
  const { fill_f32, index_select_f32, index_add_f32 } = kernels.exports;
  const select = (): void => void index_select_f32(tablePtr, indexPtr, yPtr, words, count, width, 0, count);
  const adjoint = (): void => {
    fill_f32(gxPtr, 0, 0, table.length);
    index_add_f32(gPtr, indexPtr, gxPtr, words, count, width, 0, width);
  };
  select();
  const at = (i: number): number => index[Math.floor(i / width)] * width + (i % width);
  checkClose(
    "index_select",
    kernels.floats(yPtr, g.length),
    floats(g.length, (i) => table[at(i)]),
    0,
  );
  adjoint();
  const expected = new Float64Array(table.length);
  g.forEach((value, i) => (expected[at(i)] += value));
  checkClose("index_add", kernels.floats(gxPtr, table.length), expected, 1e-5);
  return [
    { name: "index_select 2048 of 1000x64", elements: g.length, call: select },
    { name: "its gradient (index_add)", elements: g.length, call: adjoint },
  ];
}

export const movement: Suite = {
  name: "movement",
  about: "transposed copies, table lookups and their gradient",
  run(context) {
    const { kernels } = context;
    const cases = [
      transposeCase(kernels, 64),
      transposeCase(kernels, 512),
      headsCase(kernels),
      ...lookupCases(kernels),
    ];
    runPerElement(context, "movement", cases);
  },
};
