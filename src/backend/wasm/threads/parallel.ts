// The exports as the rest of the backend calls them: a call whose range is worth cutting goes through the pool, all others
// straight into the binary. Callers need not know: they pass the whole range, as to the kernel itself.
import type { KernelExports, KernelName } from "../exports.ts";
import { kernelSignatures } from "../signatures.ts";
import { kernelCosts } from "./costs.ts";
import type { Cost, RangeKernel } from "./costs.ts";
import type { PoolKernel, ThreadPool } from "./pool.ts";

type Call = (...args: number[]) => number;

/** All kernels in the order of the workers' table. */
export const kernelNames = Object.keys(kernelSignatures) as readonly KernelName[];

export function parallelExports(e: KernelExports, pool: ThreadPool): KernelExports {
  const exports: Record<string, Call> = { ...e };
  for (const name of Object.keys(kernelCosts) as RangeKernel[]) exports[name] = over(e, pool, name);
  return exports as KernelExports;
}

/** The names of a kernel's parameters, without their types. */
const parameters = (name: KernelName): readonly string[] =>
  kernelSignatures[name]
    .split("->")[0]
    .trim()
    .split(/\s+/)
    .map((parameter) => parameter.split(":")[0]);

function over(e: KernelExports, pool: ThreadPool, name: RangeKernel): Call {
  const cost = kernelCosts[name];
  const call = e[name];
  if (cost.ns === 0) return call;
  const names = parameters(name);
  const kernel: PoolKernel = {
    ...{ name, call, grain: cost.grain, index: kernelNames.indexOf(name) },
    scratchAt: names.findIndex((parameter) => parameter === "packPtr" || parameter === "scratchPtr"),
  };
  return writtenOut(pool, kernel, cost, names) ?? general(e, pool, kernel, cost, names);
}

/**
 * The kernels that small ops consist of, with their arguments written out: elementwise kernels of one and of two operands,
 * reductions, and the matrix product. The wrapper then costs 3 ns; gathering and spreading arguments costs 10.
 */
function writtenOut(
  pool: ThreadPool,
  kernel: PoolKernel,
  cost: Cost,
  names: readonly string[],
): Call | undefined {
  const { call } = kernel;
  const { ns } = cost;
  const run = (total: number, ...args: number[]): number =>
    pool.run(kernel, total, chunkCost(cost, names, args), args);
  const by = cost.by.join(" ");
  if (by === "" && names.length === 4) {
    return (x, y, start, end) => {
      const total = (end - start) * ns;
      return total < pool.splitNs ? call(x, y, start, end) : run(total, x, y, start, end);
    };
  }
  if (by === "" && names.length === 10) {
    return (a, ar, as, b, br, bs, y, n, start, end) => {
      const total = (end - start) * ns;
      if (total < pool.splitNs) return call(a, ar, as, b, br, bs, y, n, start, end);
      return run(total, a, ar, as, b, br, bs, y, n, start, end);
    };
  }
  if (by === "n" && names.length === 6) {
    return (x, y, n, inner, start, end) => {
      const total = (end - start) * n * ns;
      return total < pool.splitNs ? call(x, y, n, inner, start, end) : run(total, x, y, n, inner, start, end);
    };
  }
  if (names.length === 16 && names[0] === "aPtr") {
    const byRows = by === "n k";
    return (a, ar, as, b, br, bs, y, yr, bias, m, n, k, add, pack, start, end) => {
      const total = (end - start) * (byRows ? n : m) * k * ns;
      if (total < pool.splitNs)
        return call(a, ar, as, b, br, bs, y, yr, bias, m, n, k, add, pack, start, end);
      return run(total, a, ar, as, b, br, bs, y, yr, bias, m, n, k, add, pack, start, end);
    };
  }
  return undefined;
}

const chunkCost = (cost: Cost, names: readonly string[], args: readonly number[]): number =>
  cost.chunkBy.reduce((chunk, name) => chunk * args[names.indexOf(name)], cost.chunkNs);

// Arguments are gathered and spread, never handed on as an array: the compiler then makes none.
function general(
  e: KernelExports,
  pool: ThreadPool,
  kernel: PoolKernel,
  cost: Cost,
  names: readonly string[],
): Call {
  const arity = names.length;
  const { ns, weigh } = cost;
  const { call } = kernel;
  const [first = -1, second = -1, third = -1] = cost.by.map((factor) => names.indexOf(factor));
  const describedAt = names.indexOf("geometryPtr");
  const run = (units: number, ...args: number[]): number => {
    const total = units * (weigh === undefined ? 1 : weigh(e, args[describedAt]));
    if (total < pool.splitNs) return call(...args);
    return pool.run(kernel, total, chunkCost(cost, names, args), args);
  };
  return (...args) => {
    let total = (args[arity - 1] - args[arity - 2]) * ns;
    if (first >= 0) total *= args[first];
    if (second >= 0) total *= args[second];
    if (third >= 0) total *= args[third];
    return weigh === undefined && total < pool.splitNs ? call(...args) : run(total, ...args);
  };
}
