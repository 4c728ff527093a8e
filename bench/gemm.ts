// The matrix product: the whole of it beside its own register tile in L1 and beside the peak loop; all transposes and
// sizes; the shapes that need paths of their own.
import { matmul, noGrad, tensor, transpose } from "neurite";
import type { Tensor } from "neurite";
import { interleave, ratio } from "./interleave.ts";
import { KernelBench } from "./kernels.ts";
import { matmulRows } from "./plain.ts";
import { gflops, peakCase, peakFlop, runBesidePeak } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

type Form = "NN" | "TN" | "NT";
const FORMS: readonly Form[] = ["NN", "TN", "NT"];

const GATE_SIZE = 512;
const TILE_BAR = 0.9;
const PEAK_BAR = 0.75;

/** Products larger than this are verified on some rows only: the plain loop takes seconds. */
const VERIFY_ALL = 2 ** 22;

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const flopOf = ({ m, n, k }: Product): number => 2 * m * n * k;

/** The kernel on its own, verified. `form` says which operand lies transposed in memory. */
function kernelCase(kernels: KernelBench, form: Form, product: Product, label: string): FlopCase {
  const { m, n, k } = product;
  const [a, b] = [randomFloats(m * k, 1), randomFloats(k * n, 2)];
  const [aPtr, bPtr, yPtr] = [kernels.upload(a), kernels.upload(b), kernels.allocate(m * n * 4)];
  const [aRow, aCol] = form === "TN" ? [1, m] : [k, 1];
  const [bRow, bCol] = form === "NT" ? [1, k] : [n, 1];
  const { gemm_f32, gemm_scratch_bytes } = kernels.exports;
  const pack = kernels.allocate(gemm_scratch_bytes(m, n, k));
  const call = (): void =>
    void gemm_f32(aPtr, aRow, aCol, bPtr, bRow, bCol, yPtr, n, 0, m, n, k, 0, pack, 0, m);
  call();
  const operands = { a, aRow, aCol, b, bRow, bCol };
  verify(`gemm ${label}`, kernels.floats(yPtr, m * n), product, operands);
  return { name: label, call, flop: flopOf(product) };
}

function verify(
  what: string,
  y: Float32Array,
  product: Product,
  operands: Parameters<typeof matmulRows>[1],
): void {
  const { m, n, k } = product;
  const stride = m * n * k <= VERIFY_ALL ? 1 : Math.max(1, Math.floor((m * n * k) / VERIFY_ALL));
  const rows = Array.from({ length: m }, (_, i) => i).filter((i) => i % stride === 0 || i === m - 1);
  const expected = matmulRows(product, operands, rows);
  const got = new Float32Array(rows.length * n);
  rows.forEach((row, at) => got.set(y.subarray(row * n, (row + 1) * n), at * n));
  checkClose(what, got, expected, 1e-4);
}

/** The same through the library: shape rule, buffer, handle and release included. */
function publicCase(size: number): { readonly it: FlopCase; readonly dispose: () => void } {
  const product = { m: size, n: size, k: size };
  const [aData, bData] = [randomFloats(size * size, 1), randomFloats(size * size, 2)];
  const shape = [size, size];
  const [a, b] = [tensor(aData, { shape }), tensor(bData, { shape })];
  const y = matmul(a, b);
  const operands = { a: aData, aRow: size, aCol: 1, b: bData, bRow: size, bCol: 1 };
  verify(`matmul ${String(size)}`, y.dataSync() as Float32Array, product, operands);
  y.dispose();
  return {
    it: { name: `matmul(a, b) ${String(size)}`, call: () => matmul(a, b).dispose(), flop: flopOf(product) },
    dispose: () => [a, b].forEach((x) => x.dispose()),
  };
}

const TILE_DEPTH = 256;
const TILE_REPEATS = 64;

/** The 6 x 8 register tile, again and again on the same panels: the whole product cannot be faster. */
function tileCase(kernels: KernelBench): FlopCase {
  const [a, b] = [randomFloats(6 * TILE_DEPTH, 3), randomFloats(8 * TILE_DEPTH, 4)];
  const [aPtr, bPtr, yPtr] = [kernels.upload(a), kernels.upload(b), kernels.upload(new Float32Array(48))];
  const { peak_gemm_tile_f32 } = kernels.exports;
  peak_gemm_tile_f32(aPtr, bPtr, yPtr, TILE_DEPTH, 1);
  const operands = { a, aRow: 1, aCol: 6, b, bRow: 8, bCol: 1 };
  verify("gemm tile", kernels.floats(yPtr, 48), { m: 6, n: 8, k: TILE_DEPTH }, operands);
  return {
    name: "register tile in L1",
    call: () => peak_gemm_tile_f32(aPtr, bPtr, yPtr, TILE_DEPTH, TILE_REPEATS),
    flop: 96 * TILE_DEPTH * TILE_REPEATS,
  };
}

function runGates(context: Context): void {
  const { kernels, report } = context;
  kernels.reset();
  const product = { m: GATE_SIZE, n: GATE_SIZE, k: GATE_SIZE };
  const library = publicCase(GATE_SIZE);
  const cases = [tileCase(kernels), kernelCase(kernels, "NN", product, "gemm_f32 512 NN"), library.it];
  // A quiet moment of five milliseconds is rare on a busy machine: the gates wait longer for one.
  const { rounds, maxRounds } = context.pace;
  const pace = { ...context.pace, rounds: 2 * rounds, maxRounds: 2 * maxRounds };
  const { timings, shares } = runBesidePeak(context, "512 x 512 x 512", cases, pace);
  library.dispose();
  const [tile, ...whole] = timings;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const times = (x: number): string => `${x.toFixed(3)}x`;
  whole.forEach((timing, i) => {
    const toTile = ratio(tile, timing, cases[i + 1].flop / cases[0].flop);
    report.note(
      `${timing.name}: ${times(toTile.median)} its tile by the median of ${String(timing.samples.length)} pairs`,
    );
    report.gate(`${timing.name}, best, of its tile`, toTile.best, TILE_BAR, times);
    report.gate(`${timing.name}, best, of the peak`, shares[i + 1].best, PEAK_BAR, percent);
  });
}

function runSizes(context: Context): void {
  const { kernels, quick } = context;
  for (const size of quick ? [64, 256] : [64, 128, 256, 512, 1024]) {
    kernels.reset();
    const product = { m: size, n: size, k: size };
    const cases = FORMS.map((form) => kernelCase(kernels, form, product, form));
    runBesidePeak(context, `${String(size)} x ${String(size)} x ${String(size)}`, cases);
  }
}

/** [m, n, k]: batch one, a classifier, a wide layer before few rows, a hidden layer, and the two gradients of the latter. */
const SHAPES: readonly (readonly [string, Form, number, number, number])[] = [
  ["1x120x400 NT (batch of one)", "NT", 1, 120, 400],
  ["64x10x84 NT (classifier)", "NT", 64, 10, 84],
  ["32x3136x64 NT (wide)", "NT", 32, 3136, 64],
  ["64x256x784 NT (first layer)", "NT", 64, 256, 784],
  ["64x120x400 NT (layer)", "NT", 64, 120, 400],
  ["64x400x120 NN (its gx)", "NN", 64, 400, 120],
  ["120x400x64 TN (its gw)", "TN", 120, 400, 64],
];

function runShapes(context: Context): void {
  const { kernels } = context;
  kernels.reset();
  const cases = SHAPES.map(([label, form, m, n, k]) => kernelCase(kernels, form, { m, n, k }, label));
  runBesidePeak(context, "layers, m x n x k", cases);
}

/** The strict build beside its own peak, which is one of separate multiplications and additions. */
async function runStrict({ report, pace, quick }: Context): Promise<void> {
  const strict = await KernelBench.load("strict");
  for (const size of quick ? [512] : [64, 256, 512, 1024]) {
    strict.reset();
    const product = { m: size, n: size, k: size };
    const cases = [tileCase(strict), ...FORMS.map((form) => kernelCase(strict, form, product, form))];
    const [peak, ...timings] = interleave([peakCase(strict), ...cases], pace);
    report.section(`strict build, ${String(size)}`, "its peak");
    report.row({
      label: peak.name,
      timing: peak,
      rate: { value: gflops(peakFlop, peak.best), unit: "GF/s" },
    });
    timings.forEach((timing, i) => {
      const rate = { value: gflops(cases[i].flop, timing.best), unit: "GF/s" };
      report.row({ label: timing.name, timing, rate, share: ratio(peak, timing, cases[i].flop / peakFlop) });
    });
  }
}

/** That a transposed view goes into the same kernel: no copy is made. */
function runViews(context: Context): void {
  const shape = [256, 256];
  const [a, b] = [1, 2].map((seed) => tensor(randomFloats(256 * 256, seed), { shape }));
  const product = (left: Tensor, right: Tensor) => (): void => matmul(left, right).dispose();
  const [at, bt] = [transpose(a), transpose(b)];
  const flop = 2 * 256 ** 3;
  noGrad(() =>
    runBesidePeak(context, "matmul of views, 256", [
      { name: "matmul(a, b)", call: product(a, b), flop },
      { name: "matmul(transpose(a), b)", call: product(at, b), flop },
      { name: "matmul(a, transpose(b))", call: product(a, bt), flop },
    ]),
  );
  for (const x of [a, b, at, bt]) x.dispose();
}

export const gemm: Suite = {
  name: "gemm",
  about: "matrix product: share of the register tile and of the peak",
  async run(context) {
    runGates(context);
    runSizes(context);
    runShapes(context);
    runViews(context);
    if (!context.quick && context.kernels.build === "relaxed") await runStrict(context);
  },
};
