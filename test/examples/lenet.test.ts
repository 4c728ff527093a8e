// The LeNet example from the outside, on little data: what it prints, how it ends, and that Ctrl-C costs nothing.
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LAST_LINE, runLenet, weightsOf } from "./lenet-process.ts";

// By a path that the compiler does not follow: the example's own imports of "neurite/..." have types only under
// examples/tsconfig.json.
const progressModule: string = "../../examples/shared/progress.ts";
const { showProgress } = (await import(progressModule)) as {
  showProgress: (
    stream: unknown,
    epochs: number,
    speed: object,
  ) => Record<"onBatchEnd" | "onEpochEnd", (event: object) => void> & { stop(): void };
};

let directory = "";

beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-lenet-"));
});

afterAll(() => fs.rm(directory, { recursive: true, force: true }));

const widest = (lines: readonly string[]): number =>
  Math.max(...lines.map((line) => Array.from(line).length));

describe("a small run", () => {
  const small = ["--epochs", "2", "--limit", "3000", "--seed", "5"];

  it(
    "prints what it promises, and after Ctrl-C and --resume ends with the same bits",
    { timeout: 60_000 },
    async () => {
      const straight = join(directory, "straight");
      const stopped = join(directory, "stopped");

      const whole = await runLenet([...small, "--out", straight]);
      expect(whole).toMatchObject({ code: 0, stderr: "" });
      expect(whole.stdout).toMatch(/^LeNet-5: 61,706 trainable parameters$/m);
      expect(whole.stdout).toMatch(/^MNIST: 2,750 training, 250 validation, 10,000 test images$/m);
      expect(whole.stdout).toMatch(
        /^epoch 1\/2 {2}loss \d\.\d{4} {2}validation loss \d\.\d{4}, accuracy \d\d\.\d\d%/m,
      );
      expect(whole.stdout).toContain("training loss (log scale)");
      expect(whole.stdout).toMatch(/^true\\said +0 +1 +2/m);
      expect(whole.stdout).toMatch(/\d \(\d+\.\d%\), right/);
      const accuracy = LAST_LINE.exec(whole.lines[whole.lines.length - 1])?.[1];
      expect(Number(accuracy)).toBeGreaterThan(85);
      expect(widest(whole.lines)).toBeLessThanOrEqual(80);

      const half = await runLenet([...small, "--out", stopped], { signal: "SIGINT", after: "epoch 1/2" });
      expect(half).toMatchObject({ code: 130, stderr: "" });
      expect(half.stdout).toContain(`to go on: npm start -- --resume --out ${stopped}\n`);
      expect(await fs.readdir(stopped)).toEqual(["checkpoint.safetensors"]);

      const changed = await runLenet(["--resume", "--seed", "6", "--out", stopped]);
      expect(changed).toMatchObject({ code: 2, stdout: "" });
      expect(changed.stderr).toBe(
        "error: --seed must be 5, as in the checkpoint, to go on from it; got 6.\n",
      );

      const resumed = await runLenet(["--resume", "--out", stopped]);
      expect(resumed).toMatchObject({ code: 0, stderr: "" });
      expect(resumed.lines[resumed.lines.length - 1]).toBe(whole.lines[whole.lines.length - 1]);
      expect(await weightsOf(stopped)).toEqual(await weightsOf(straight));
    },
  );
});

describe("the command line", () => {
  it("shows help", async () => {
    const { code, lines } = await runLenet(["--help"]);
    expect(code).toBe(0);
    expect(lines[2]).toBe("usage: npm start -- [options]");
  });

  it.each([
    [["--epochs", "0"], 2, 'error: --epochs must be a whole number from 1 to 1000; got "0".\n'],
    [["--what"], 2, "error: Unknown option '--what'. Try --help.\n"],
    [
      ["--resume", "--out", "/nowhere"],
      2,
      "error: --resume needs a checkpoint; got no file /nowhere/checkpoint.safetensors.\n",
    ],
    [["--out", "/dev/null/x"], 1, /^error: ENOTDIR: not a directory, mkdir '\/dev\/null\/x'\n$/],
  ])("ends with one clear line for %s", async (args, code, message) => {
    const ended = await runLenet(args);
    expect(ended).toMatchObject({ code, stdout: "" });
    if (typeof message === "string") expect(ended.stderr).toBe(message);
    else expect(ended.stderr).toMatch(message);
  });

  it("refuses a corrupt checkpoint in one line", async () => {
    const out = join(directory, "corrupt");
    await fs.mkdir(out);
    await fs.writeFile(join(out, "checkpoint.safetensors"), "not a checkpoint");
    const { code, stderr } = await runLenet(["--resume", "--out", out]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: readSafetensors: .*checkpoint\.safetensors: the header must .*\n$/);
  });
});

describe("progress", () => {
  const event = (batch: number, epoch = 1) => ({
    ...{
      epoch,
      epochs: 12,
      batch,
      batches: 860,
      step: batch,
      steps: 10_320,
      loss: 0.1234,
      samples: 64,
      learningRate: 0.001,
    },
  });

  async function shown(isTTY: boolean): Promise<string> {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
    const progress = showProgress(stream, 12, { unit: "images", unitsPerSample: 1 });
    progress.onBatchEnd(event(1));
    progress.onBatchEnd(event(859));
    progress.stop();
    progress.onEpochEnd({
      epoch: 1,
      loss: 0.1,
      learningRate: 0.001,
      valLoss: 0.05,
      valAccuracy: 0.9876,
    });
    progress.stop();
    stream.end();
    let text = "";
    stream.on("data", (piece: Buffer) => (text += piece.toString()));
    await once(stream, "end");
    return text;
  }

  it("is a live bar with batch, loss, speed and time left on a terminal", async () => {
    const text = await shown(true);
    // Without the codes that move the cursor.
    const plain = text.replace(/\x1b\[[?\d;]*[A-Za-z]/g, "\n");
    expect(plain).toMatch(
      /epoch {2}1\/12 [█░]{14} 1\/860 {2}loss 0\.1234 {2}[ \d,]+ images\/s {2}\d+:\d\d left/,
    );
    expect(plain).toMatch(
      /epoch {2}1\/12 {2}loss 0\.1000 {2}validation loss 0\.0500, accuracy 98\.76% {2}0:00/,
    );
  });

  it("is plain lines elsewhere, without control codes", async () => {
    const text = await shown(false);
    expect(text).toBe("epoch  1/12  loss 0.1000  validation loss 0.0500, accuracy 98.76%  0:00\n");
  });
});
