// The cases of Debian's libonnx-testdata: where they lie, what they hold, and how one is run and judged.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { scope } from "../../src/index.ts";
import { coordinates, worstMismatch } from "../closeness.ts";
import type { Tolerance } from "../closeness.ts";
import { obstacle, runGraph } from "./graph.ts";
import { Beyond, heldAs } from "./invocation.ts";
import { readModel, readStored } from "./model.ts";
import type { Model, Stored } from "./model.ts";
import { exceptions, tolerances } from "./exceptions.ts";

const folder = "/usr/share/libonnx-testdata/data";

export const groups = ["node", "pytorch-converted", "pytorch-operator", "simple"] as const;
export type Group = (typeof groups)[number];

export const installed = existsSync(folder);

export interface Outcome {
  readonly group: Group;
  readonly name: string;
  /** Of the kind that the library is measured by: float32 out of float32 and integers. */
  readonly float: boolean;
  /** "passed", or what went wrong, or why the case was left out. */
  readonly passed: boolean;
  readonly failure: string | null;
  readonly leftOut: string | null;
}

const DEFAULT: Tolerance = { rtol: 1e-4, atol: 1e-6 };

// Values that are no tensors (sequences, optionals) do not read as one.
function storedIn(path: string, kind: "input" | "output", model: Model): Stored[] {
  const values = kind === "input" ? model.graph.inputs : model.graph.outputs;
  const other = values.find(({ element }) => ["sequence", "optional"].includes(element));
  if (other) throw new Beyond(`${other.element}: a value that is no tensor`);
  // What the model says: some files hold bfloat16 under the name of the integers that carry its bits.
  for (const { element } of values) heldAs(element);
  return readdirSync(path)
    .filter((name) => name.startsWith(`${kind}_`))
    .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)))
    .map((name) => readStored(readFileSync(`${path}/${name}`)));
}

function judge(name: string, actual: ArrayLike<number>, shape: readonly number[], expected: Stored): void {
  if (shape.join() !== expected.shape.join())
    throw new Error(`shape [${shape.join()}] instead of [${expected.shape.join()}]`);
  const exact = !expected.element.startsWith("float");
  const tolerance = exact ? { rtol: 0, atol: 0 } : (tolerances[name] ?? DEFAULT);
  const worst = worstMismatch(actual, expected.values, tolerance);
  if (worst === null) return;
  throw new Error(
    `at ${coordinates(worst.position, shape)}: got ${worst.actual}, expected ${worst.expected} ` +
      `(${worst.excess.toPrecision(3)} times the tolerance; ${worst.count} of ${expected.values.length} outside)`,
  );
}

function run(name: string, path: string, model: Model): void {
  const reason = exceptions[name] ?? obstacle(model);
  if (reason !== null) throw new Beyond(reason);
  const data = `${path}/test_data_set_0`;
  const inputs = storedIn(data, "input", model);
  const outputs = storedIn(data, "output", model);
  scope(() => {
    const results = runGraph(model.graph, model.opset, inputs);
    outputs.forEach((expected, i) => {
      const y = results[i];
      if (y === undefined)
        throw new Beyond(`${model.graph.nodes[0].operator}: output ${i} does not exist here`);
      judge(name, y.dataSync(), y.shape, expected);
    });
  });
}

function outcomeOf(group: Group, name: string): Outcome {
  const path = `${folder}/${group}/test_${name}`;
  const model = readModel(readFileSync(`${path}/model.onnx`));
  const { inputs, outputs } = model.graph;
  const float =
    inputs.every(({ element }) => ["float32", "int64"].includes(element)) && outputs[0].element === "float32";
  const outcome = { group, name, float, passed: false, failure: null, leftOut: null };
  try {
    run(name, path, model);
    return { ...outcome, passed: true };
  } catch (error) {
    const { message } = error as Error;
    return error instanceof Beyond ? { ...outcome, leftOut: message } : { ...outcome, failure: message };
  }
}

/** Every case of every group, run where it can be. */
export const runAll = (): Outcome[] =>
  groups.flatMap((group) =>
    readdirSync(`${folder}/${group}`)
      .sort()
      .map((name) => outcomeOf(group, name.replace(/^test_/, ""))),
  );
