// That an oracle is one: the plain forms of attention and of the recurrent layers share no code with the kernels that are
// measured by them, neither by import nor by calling one another.
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import ts from "typescript";
import { lookupDevice } from "../../src/backend/device.ts";
import { Generator, grad, gru, lstm, randn, rnn, scaledDotProductAttention, sum } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The files that a module loads, itself included, by their paths from the project's folder. */
function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const source = ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.ES2022);
  for (const statement of source.statements) {
    const isImport = ts.isImportDeclaration(statement);
    if (!isImport && !ts.isExportDeclaration(statement)) continue;
    const { moduleSpecifier: from } = statement;
    if (from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith(".")) continue;
    const isErased = isImport
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    if (isErased) continue;
    const target = join(dirname(path), from.text);
    loadedBy(target.endsWith(".ts") ? target : `${target}.ts`, seen);
  }
  return seen;
}

const families = [
  {
    name: "attention",
    oracle: "src/ops/attention/plain.ts",
    record: ["fused", "shared", "layout", "attention"].map((file) => `src/ops/attention/${file}.ts`),
    calls: ["src/backend/wasm/attention.ts"],
    kernels: ["assembly/fused/attention.ts", "assembly/fused/attention-grad.ts"],
  },
  {
    name: "the recurrent layers",
    oracle: "src/ops/recurrent/plain.ts",
    record: ["sequence", "layers", "lengths"].map((file) => `src/ops/recurrent/${file}.ts`),
    calls: ["src/backend/wasm/recurrent.ts", "src/backend/wasm/recurrent-grad.ts"],
    kernels: ["assembly/recurrent/rnn.ts", "assembly/recurrent/gru.ts", "assembly/recurrent/lstm.ts"],
  },
];

describe.each(families)("the plain form of $name", ({ oracle, record, calls, kernels }) => {
  const plain = loadedBy(oracle);

  it("loads no backend, and nothing of the op's own record", () => {
    // The walk is right: the file, the ops and the core are in it.
    expect([...plain]).toEqual(expect.arrayContaining([oracle, "src/ops/algebra.ts", "src/core/view.ts"]));
    expect([...plain].filter((path) => /^src\/backend\/\w+\//.test(path))).toEqual([]);
    expect(record.filter((path) => plain.has(path))).toEqual([]);
  });

  it("has nothing in common with the kernel but the core and the interface", () => {
    const kernel = new Set(calls.flatMap((path) => [...loadedBy(path)]));
    expect(kernel.size).toBeGreaterThan(calls.length);
    const common = [...kernel].filter((path) => plain.has(path));
    expect(common.filter((path) => !/^src\/(core|backend)\/[\w-]+\.ts$/.test(path))).toEqual([]);
    for (const path of kernels)
      for (const loaded of loadedBy(path)) expect(relative("assembly", loaded)).not.toMatch(/^\.\./);
  });
});

const fused = lookupDevice("test", "wasm").kernels.fused as Record<string, unknown>;
const kernels = { ...fused };

afterEach(() => {
  Object.assign(fused, kernels);
});

const leaf = (...shape: number[]): Tensor =>
  randn(shape, { generator: new Generator(shape.length + shape[0]) }).setRequiresGrad(true);

const recurrent = { rnn, lstm, gru };
const gates = { rnn: 1, lstm: 4, gru: 3 };

describe("run as plain ops, forward and backward,", () => {
  /** Every kernel of the family fails but the one that is taken away; both derivatives run without it. */
  function withoutKernels(op: string, run: () => Tensor, inputs: readonly Tensor[]): void {
    for (const key of Object.keys(kernels)) {
      if (!/^(rnn|lstm|gru|attention)/.test(key)) continue;
      fused[key] = () => {
        throw new Error(`${op} called the kernel ${key}`);
      };
    }
    fused[op] = fused[`${op}Grad`] = "decompose";
    for (const createGraph of [false, true]) {
      const gradients = grad(sum(run()), inputs, { createGraph });
      for (const g of gradients) expect(g.dataSync().some((value) => value !== 0)).toBe(true);
    }
  }

  it.each(["rnn", "lstm", "gru"] as const)(
    "%s calls no recurrent kernel",
    scopedEach((op) => {
      const [x, weightIh, weightHh] = [leaf(3, 2, 2), leaf(3 * gates[op], 2), leaf(3 * gates[op], 3)];
      withoutKernels(op, () => recurrent[op](x, { weightIh, weightHh }).y, [x, weightIh, weightHh]);
    }),
  );

  it(
    "attention calls no attention kernel",
    scoped(() => {
      const [q, k, v] = [leaf(1, 2, 3, 4), leaf(1, 2, 5, 4), leaf(1, 2, 5, 4)];
      const run = (): Tensor => scaledDotProductAttention(q, k, v, { causal: true, queryOffset: 2 });
      withoutKernels("attention", run, [q, k, v]);
    }),
  );
});
