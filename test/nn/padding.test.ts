// Padding and window modules: they pass on what they are given, and refuse what does not fit their axes.
import { describe, expect, it } from "vitest";
import { fold, pad, tensor, unfold } from "../../src/index.ts";
import type { PadMode } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

type PaddingClass = new (padding: nn.Padding, value: number) => nn.ZeroPad1d;

const kinds: [kind: string, mode: PadMode][] = [
  ["ConstantPad", "constant"],
  ["ZeroPad", "constant"],
  ["ReflectionPad", "reflect"],
  ["ReplicationPad", "replicate"],
  ["CircularPad", "circular"],
];

const classes = kinds.flatMap(([kind, mode]) =>
  [1, 2, 3].map((axes) => [`${kind}${String(axes)}d`, mode, axes] as const),
);

describe("padding modules", () => {
  it.each(classes)(
    "%s is pad in mode %s over %i axes",
    scopedEach((name, mode, axes) => {
      const make = (nn as unknown as Record<string, PaddingClass>)[name];
      const shape = [2, 3, 4, 5].slice(3 - axes);
      const size = shape.reduce((product, n) => product * n, 1);
      const x = tensor(
        Array.from({ length: size }, (_, i) => i),
        { shape },
      );
      const value = name.startsWith("Constant") ? 7 : 0;
      const sides = Array.from({ length: 2 * axes }, (_, i) => i % 3);
      const one = new Array<number>(2 * axes).fill(1);
      const options = { mode, value };
      expect(new make(sides, 7).forward(x).tolistSync()).toEqual(pad(x, sides, options).tolistSync());
      expect(new make(1, 7).forward(x).tolistSync()).toEqual(pad(x, one, options).tolistSync());
      expect(new make(1, 7).toString()).toContain(`${name}(padding=[${one.join(", ")}]`);
      expect(() => new make([1], 7)).toThrow(
        `${name}: padding must be one whole number or ${String(2 * axes)} of them; got [1].`,
      );
    }),
  );
});

describe("Unfold and Fold", () => {
  it(
    "are the ops",
    scoped(() => {
      const x = tensor(
        Array.from({ length: 24 }, (_, i) => i),
        { shape: [1, 2, 3, 4] },
      );
      const options = { padding: 1 };
      const columns = new nn.Unfold([2, 3], options).forward(x);
      expect(columns.tolistSync()).toEqual(unfold(x, [2, 3], options).tolistSync());
      const images = new nn.Fold([3, 4], [2, 3], options).forward(columns);
      expect(images.tolistSync()).toEqual(fold(columns, [3, 4], [2, 3], options).tolistSync());
      expect(new nn.Fold([3, 4], 2).toString()).toContain("Fold(outputSize=[3, 4], kernelSize=2)");
    }),
  );
});
