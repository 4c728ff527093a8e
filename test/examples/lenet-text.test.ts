// The LeNet example's words and pictures: options and their errors, the curve, the matrix, the digits.
import { describe, expect, it } from "vitest";
import { drawConfusion, drawDigits } from "../../examples/lenet/drawing.ts";
import { lenetProgram } from "../../examples/lenet/program.ts";
import { Curve, drawCurve } from "../../examples/shared/curve.ts";
import {
  helpText as helpTextOf,
  parseOptions as parseOptionsOf,
  resumedOptions,
  UsageError,
} from "../../examples/shared/options.ts";

const parseOptions = (args: readonly string[]) => parseOptionsOf(lenetProgram, args);
const helpText = (): string => helpTextOf(lenetProgram);

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => Array.from(line).length));

describe("options", () => {
  it("has defaults, and takes what is given", () => {
    expect(parseOptions([])).toMatchObject({
      options: { batchSize: 64, limit: 60_000, seed: 0 },
      mode: { out: "runs/lenet", resume: false },
    });
    const given = parseOptions(
      "--epochs 3 --lr=1e-2 --limit 600 --seed 7 --batch-size 32 --out x --resume".split(" "),
    );
    expect(given).toMatchObject({
      options: { epochs: 3, lr: 0.01, limit: 600, seed: 7, batchSize: 32 },
      mode: { out: "x", resume: true },
    });
  });

  it("shortens a run under --fast, except for what is given", () => {
    expect(parseOptions(["--fast", "--epochs", "2"])?.options).toMatchObject({ epochs: 2, limit: 12_000 });
  });

  it("shows help that fits in 80 columns", () => {
    expect(parseOptions(["--help"])).toBeNull();
    for (const name of ["epochs", "limit", "seed", "out", "resume", "batch-size", "lr"])
      expect(helpText()).toContain(`--${name}`);
    expect(widest(helpText())).toBeLessThanOrEqual(80);
  });

  it.each([
    ["--epochs 0", '--epochs must be a whole number from 1 to 1000; got "0".'],
    ["--epochs two", '--epochs must be a whole number from 1 to 1000; got "two".'],
    ["--epochs 1.5", '--epochs must be a whole number from 1 to 1000; got "1.5".'],
    ["--limit 60001", '--limit must be a whole number from 24 to 60000; got "60001".'],
    ["--seed=-1", '--seed must be a whole number from 0 to 9007199254740991; got "-1".'],
    ["--lr 0", '--lr must be a number from 1e-8 to 1; got "0".'],
    ["--lr NaN", '--lr must be a number from 1e-8 to 1; got "NaN".'],
    ["--batch-size 0x10", '--batch-size must be a whole number from 1 to 10000; got "0x10".'],
    ["--out=", "--out must name a DIR; got an empty name."],
    ["--epoch 3", "Unknown option '--epoch'. Try --help."],
    ["--resume=yes", "Option '--resume' does not take an argument. Try --help."],
    ["--epochs", "Option '--epochs <value>' argument missing. Try --help."],
    ["mnist", "Unexpected argument 'mnist'. Try --help."],
  ])("refuses %s in one line", (line, message) => {
    expect(() => parseOptions(line.split(" "))).toThrow(UsageError);
    expect(() => parseOptions(line.split(" "))).toThrow(new UsageError(message));
  });

  it("takes a resumed run's options from the checkpoint, and refuses to change them", () => {
    type Parsed = NonNullable<ReturnType<typeof parseOptions>>;
    const resumed = ({ options, mode }: Parsed) => resumedOptions(options, mode, saved);
    const saved = { epochs: 3, batchSize: 64, lr: 0.001, limit: 600, seed: 7 };
    expect(resumed(parseOptions(["--resume"])!)).toEqual(saved);
    expect(resumed(parseOptions(["--resume", "--seed", "7"])!)).toEqual(saved);
    expect(() => resumed(parseOptions(["--resume", "--seed", "8"])!)).toThrow(
      "--seed must be 7, as in the checkpoint, to go on from it; got 8.",
    );
  });
});

describe("drawings", () => {
  it("draws a falling loss from top left to bottom right", () => {
    const text = drawCurve(Array.from({ length: 500 }, (_, i) => 2.3 * 0.99 ** i));
    const lines = text.split("\n");
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(lines.length).toBeGreaterThan(8);
    expect(lines[0]).toMatch(/^\s+2\.\d+ +[┤┼]/);
    expect(lines[0].lastIndexOf("╮")).toBeLessThan(lines[lines.length - 1].lastIndexOf("─"));
  });

  it("draws curves of one point, of equal points and of zeros", () => {
    for (const losses of [[1], [0.5, 0.5, 0.5], [0, 0]])
      expect(widest(drawCurve(losses))).toBeLessThanOrEqual(80);
  });

  it("keeps a curve's points few", () => {
    const curve = new Curve(5000);
    for (let i = 0; i < 5000; i++) curve.add(i);
    expect(curve.points.length).toBe(500);
    expect(curve.points[1]).toBe(14.5);
    expect(new Curve(5000, curve.points).points).toEqual(curve.points);
  });

  it("draws the confusion matrix with recalls", () => {
    const counts = Array.from({ length: 10 }, (_, i) =>
      Array.from({ length: 10 }, (_, j): number => (i === j ? 990 : 0)),
    );
    counts[3][5] = 10;
    counts[7].fill(0);
    const lines = drawConfusion(counts).split("\n");
    expect(lines.length).toBe(11);
    expect(lines[4]).toMatch(/^ +3 +· +· +· +990 +· +10 +· +· +· +· +99\.00%$/);
    expect(lines[8]).toMatch(/-$/);
    expect(widest(lines.join("\n"))).toBeLessThanOrEqual(80);
  });

  it("draws digits three to a row with the model's answers", () => {
    const pixels = new Uint8Array(28 * 28);
    for (let row = 4; row < 24; row++) pixels[row * 28 + 14] = 255;
    const answer = { pixels, label: 1, said: 1, confidence: 0.9876 };
    const text = drawDigits([answer, answer, answer, { ...answer, said: 7 }]);
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).toContain("1 (98.8%), right");
    expect(text).toContain("7 (98.8%), wrong: 1");
    expect(text.split("\n")[5]).toBe("            █                         █                         █");
  });
});
