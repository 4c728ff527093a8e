// The promise of `npm start`, in full: two runs with the default seed give the same bits and at least 98.7 %; kills lose
// nothing.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { LAST_LINE, runLenet, weightsOf } from "../examples/lenet-process.ts";

let directory = "";

beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-lenet-"));
});

afterAll(() => fs.rm(directory, { recursive: true, force: true }));

const exists = (path: string): Promise<boolean> =>
  fs.access(path).then(
    () => true,
    () => false,
  );

describe("npm start", () => {
  it("reaches 98.7 % twice with the same bits", async () => {
    const outs = ["first", "second"].map((name) => join(directory, name));
    const runs = [await runLenet(["--out", outs[0]]), await runLenet(["--out", outs[1]])];
    for (const run of runs) {
      expect(run).toMatchObject({ code: 0, stderr: "" });
      expect(run.stdout).toMatch(/^LeNet-5: 61,706 trainable parameters$/m);
      expect(Number(LAST_LINE.exec(run.lines[run.lines.length - 1])?.[1])).toBeGreaterThanOrEqual(98.7);
    }
    console.log(runs[0].lines.filter((line) => /^(trained|test accuracy)/.test(line)).join("; "));
    expect(runs[1].lines[runs[1].lines.length - 1]).toBe(runs[0].lines[runs[0].lines.length - 1]);
    expect(await weightsOf(outs[1])).toEqual(await weightsOf(outs[0]));
  });

  it("goes on to the same bits after SIGKILL at any moment, checkpoints always whole", async () => {
    const options = ["--epochs", "12", "--limit", "2400", "--batch-size", "32"];
    const straight = join(directory, "straight");
    const killed = join(directory, "killed");
    expect(await runLenet([...options, "--out", straight])).toMatchObject({ code: 0 });
    let run = await runLenet([...options, "--out", killed], { signal: "SIGKILL", after: "epoch  2/12" });
    let kills = 0;
    // Each further process is killed a little later after its first epoch, until one gets to the end.
    while (run.signal === "SIGKILL") {
      kills++;
      expect(kills).toBeLessThan(40);
      const checkpoint = join(killed, "checkpoint.safetensors");
      expect(await exists(checkpoint)).toBe(true);
      expect(readSafetensors(await fs.readFile(checkpoint)).tensors.size).toBe(30);
      run = await runLenet(["--resume", "--out", killed], {
        signal: "SIGKILL",
        after: "/12  loss",
        delay: 7 * kills,
      });
    }
    expect(run).toMatchObject({ code: 0 });
    expect(kills).toBeGreaterThan(2);
    expect(await weightsOf(killed)).toEqual(await weightsOf(straight));
  });
});
