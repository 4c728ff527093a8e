// The operator cases of ONNX, with PyTorch's exported ones among them, against stored numbers: an oracle from elsewhere.
// The data is Debian's package libonnx-testdata. CI must have it; elsewhere its absence is only told.
import { describe, expect, it } from "vitest";
import { groups, installed, runAll } from "./cases.ts";
import type { Group, Outcome } from "./cases.ts";

const HINT = "Install the ONNX test data: apt-get update && apt-get install libonnx-testdata";

/** Fewer passing cases than these mean that an operator was lost, or got wrong. */
const LEAST: Readonly<Record<Group, number>> = {
  node: 740,
  "pytorch-converted": 76,
  "pytorch-operator": 31,
  simple: 7,
};
const LEAST_FLOAT_NODES = 545;

const outcomes: readonly Outcome[] = installed ? runAll() : [];
const ran = outcomes.filter(({ leftOut }) => leftOut === null);

function reportLeftOut(): void {
  const counts = new Map<string, number>();
  for (const { leftOut } of outcomes)
    if (leftOut !== null) counts.set(leftOut, (counts.get(leftOut) ?? 0) + 1);
  const lines = [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([reason, n]) => `  ${n} x ${reason}`);
  console.log(["Cases left out:", ...lines].join("\n"));
}

it.runIf(!installed)("has its data", (context) => {
  if (process.env.CI) throw new Error(HINT);
  console.warn(HINT);
  context.skip(HINT);
});

describe.runIf(installed).each(groups)("%s", (group) => {
  it.each(
    ran.filter((outcome) => outcome.group === group).map((outcome) => [outcome.name, outcome] as const),
  )("%s", (_, { failure }) => {
    if (failure !== null) throw new Error(failure);
  });
});

describe.runIf(installed)("the cases", () => {
  it("pass in at least the stated numbers", () => {
    const passed = outcomes.filter((outcome) => outcome.passed);
    for (const group of groups) {
      const all = outcomes.filter((outcome) => outcome.group === group).length;
      const count = passed.filter((outcome) => outcome.group === group).length;
      console.log(`${group}: ${count} of ${all} cases pass`);
      expect(count, group).toBeGreaterThanOrEqual(LEAST[group]);
    }
    const floats = outcomes.filter(({ group, float }) => group === "node" && float);
    const count = floats.filter((outcome) => outcome.passed).length;
    console.log(`node, float: ${count} of ${floats.length} cases pass`);
    expect(count, "float node cases").toBeGreaterThanOrEqual(LEAST_FLOAT_NODES);
  });

  it("that are left out have a reason", () => {
    reportLeftOut();
    expect(outcomes.filter(({ leftOut }) => leftOut?.includes("NO REASON GIVEN"))).toEqual([]);
  });

  // Of attention there are none in this package.
  it("of recurrent layers pass, but for two that PyTorch has no form of", () => {
    const cases = outcomes.filter(({ name }) => /^(simple_rnn|rnn|lstm|gru)_/.test(name));
    const names = (some: readonly Outcome[]): string[] => some.map(({ name }) => name);
    expect(names(cases.filter(({ passed }) => passed))).toEqual([
      ...["gru_batchwise", "gru_defaults", "gru_with_initial_bias"],
      ...["lstm_batchwise", "lstm_defaults", "lstm_with_initial_bias"],
      ...["rnn_seq_length", "simple_rnn_batchwise", "simple_rnn_defaults", "simple_rnn_with_initial_bias"],
    ]);
  });
});
