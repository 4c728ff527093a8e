// The plan's checker must fail on planted violations: a checker that never fails proves nothing.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { checkFloors, type Report } from "../../scripts/check-floors.ts";

const folders: string[] = [];

/** Lays out a project from file names and bodies and checks it. */
function check(files: Record<string, string>): Report {
  const folder = mkdtempSync(join(tmpdir(), "neurite-floors-"));
  folders.push(folder);
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), body.startsWith("#") ? body.slice(1) : `// planted\n${body}`);
  }
  return checkFloors(folder);
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const shape = { "src/core/shape.ts": "export type Shape = number[];\nexport const rank = 1;\n" };

describe("a project that keeps to the plan", () => {
  test("passes: imports down, types sideways, the order of ops", () => {
    const report = check({
      ...shape,
      "src/backend/kernels.ts": 'export type { Shape } from "../core/shape.ts";\n',
      "src/backend/wasm/memory.ts": 'import "../kernels.ts";\nexport const x = 1;\n',
      "src/ops/algebra.ts": 'import { rank } from "../core/shape.ts";\nexport const add = rank;\n',
      "src/ops/fused/softmax.ts": 'export { add } from "../algebra.ts";\n',
      "src/ops/loss.ts":
        'import type { L } from "../ops/reduce.ts";\nexport { add } from "./fused/softmax.ts";\n',
      "src/ops/reduce.ts": 'import type { M } from "./loss.ts";\nexport type L = number;\n',
      "src/index.ts": 'export * from "./ops/loss.ts";\n',
    });
    expect(report.problems).toEqual([]);
    expect(report.warnings).toEqual([]);
    expect(report.files).toBe(8);
  });
});

describe("planted violations", () => {
  const cases: [string, Record<string, string>, RegExp][] = [
    [
      "a runtime import that points up",
      {
        ...shape,
        "src/core/dtype.ts": 'import { t } from "../tensor/tensor.ts";\n',
        "src/tensor/tensor.ts": "",
      },
      /^src\/core\/dtype\.ts:2: floor 0 imports src\/tensor\/tensor\.ts on floor 3, above it$/,
    ],
    [
      "a type import that points up",
      { "src/ops/algebra.ts": 'import type { M } from "../nn/module.ts";\n', "src/nn/module.ts": "" },
      /floor 4 imports types from src\/nn\/module\.ts on floor 6/,
    ],
    [
      "an inline import type that points up",
      { "src/ops/algebra.ts": 'type M = import("../nn/module.ts").M;\n', "src/nn/module.ts": "" },
      /floor 4 imports types from src\/nn\/module\.ts/,
    ],
    [
      "a dynamic import that points up",
      { "src/backend/device.ts": 'void import("./wasm/memory.ts");\n', "src/backend/wasm/memory.ts": "" },
      /floor 1 imports src\/backend\/wasm\/memory\.ts on floor 2/,
    ],
    [
      "a re-export that points up",
      { "src/train/fit.ts": 'export * from "../models/lenet.ts";\n', "src/models/lenet.ts": "" },
      /floor 7 imports src\/models\/lenet\.ts on floor 8/,
    ],
    [
      "anything that imports the public surface",
      {
        "src/models/lenet.ts": 'import { x } from "../index.ts";\n',
        "src/index.ts": "export const x = 1;\n",
      },
      /floor 8 imports src\/index\.ts on floor 9/,
    ],
    [
      "an op that imports a later room",
      { "src/ops/algebra.ts": 'import { exp } from "./elementwise.ts";\n', "src/ops/elementwise.ts": "" },
      /which comes later in the order of ops\//,
    ],
    [
      "a circle within a floor",
      {
        "src/nn/a.ts": 'import { b } from "../optim/b.ts";\n',
        "src/optim/b.ts": 'import { c } from "./c.ts";\n',
        "src/optim/c.ts": 'import { a } from "../nn/a.ts";\n',
      },
      /^imports run in a circle: src\/nn\/a\.ts -> src\/optim\/b\.ts -> src\/optim\/c\.ts -> src\/nn\/a\.ts$/,
    ],
    [
      "a circle whose braces hold only types, which stays a runtime import under verbatimModuleSyntax",
      { "src/nn/a.ts": 'import { type B } from "./b.ts";\n', "src/nn/b.ts": 'import "./a.ts";\n' },
      /circle/,
    ],
    ["a package", { "src/io/file.ts": 'import { readFileSync } from "node:fs";\n' }, /no dependencies/],
    ["a file that is not there", { "src/io/file.ts": 'import "./gone.ts";\n' }, /is no file of src/],
    ["a folder without a floor", { "src/attic/box.ts": "" }, /has no floor/],
    ["an ops room without a place", { "src/ops/attic.ts": "" }, /has no place in the order/],
    [
      "a file of 601 lines",
      { "bench/long.ts": "x;\n".repeat(600) },
      /^bench\/long\.ts: 601 lines; 600 is the limit/,
    ],
    [
      "a file that does not say what it is",
      { "assembly/relu.ts": "#export {};\n" },
      /must open with a comment/,
    ],
    ["a file named after nothing", { "src/core/utils.ts": "" }, /name the file after the one concept/],
  ];

  test.each(cases)("%s", (_name, files, message) => {
    const { problems } = check(files);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
  });

  test("a file of 401 lines warns", () => {
    const { problems, warnings } = check({ "src/core/long.ts": "x;\n".repeat(400) });
    expect(problems).toEqual([]);
    expect(warnings).toEqual(["src/core/long.ts: 401 lines; consider a split beyond 400"]);
  });
});
