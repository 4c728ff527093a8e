// Modules at the edges: hooks taken off twice, parameters that cannot be, rows and axes that are not there.
import { describe, expect, it } from "vitest";
import { ones, tensor, zeros } from "../../src/index.ts";
import { Embedding, Flatten, init, parameter, ReLU } from "../../src/nn/index.ts";
import { liveCounts } from "../leaks.ts";
import { scoped } from "../scoped.ts";

describe("modules", () => {
  it(
    "a hook taken off twice leaves those that were hung up since",
    scoped(() => {
      const layer = new ReLU();
      const calls: string[] = [];
      const first = layer.registerForwardHook(() => void calls.push("first"));
      first();
      const second = layer.registerForwardHook(() => void calls.push("second"));
      first();
      layer.forward(ones([1]));
      expect(calls).toEqual(["second"]);
      second();
      layer.forward(ones([1]));
      expect(calls).toEqual(["second"]);
      expect(Object.hasOwn(layer, "forward")).toBe(false);
    }),
  );

  it("a parameter of whole numbers is refused before its data is taken over", () => {
    const data = tensor([1], { dtype: "int32" });
    const before = liveCounts();
    expect(() => parameter(data)).toThrow("the dtype must be floating to have a gradient; got int32.");
    expect(data.isDisposed).toBe(false);
    expect(liveCounts()).toEqual(before);
    data.dispose();
  });

  it("refuses rows and axes that are not there", () => {
    for (const paddingIdx of [3, -4, 0.5]) {
      expect(() => new Embedding(3, 2, { paddingIdx })).toThrow(
        `Embedding: paddingIdx must be a whole number in -3..2; got ${String(paddingIdx)}.`,
      );
    }
    const x = zeros([2, 3, 4]);
    expect(() => new Flatten(2, 1).forward(x)).toThrow(
      "Flatten: startAxis must not come after endAxis; got 2 and 1 for [2, 3, 4].",
    );
    x.dispose();
  });

  it(
    "truncated normals stay on their side, however far out their bounds lie",
    scoped(() => {
      const values = init.truncNormal(zeros([1000]), { a: -40, b: 40 }).dataSync();
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(6);
    }),
  );
});
