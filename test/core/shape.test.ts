// Broadcasting, axes and inferred sizes, with the words of their errors.
import { describe, expect, it } from "vitest";
import {
  broadcastShapes,
  broadcastsTo,
  checkAxes,
  checkAxis,
  checkShape,
  inferShape,
} from "../../src/core/shape.ts";
import { ShapeError } from "../../src/core/errors.ts";

describe("broadcastShapes", () => {
  it.each([
    [[], [], []],
    [[], [3], [3]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 4],
      [2, 4],
    ],
    [[0], [1], [0]],
    [[1], [0], [0]],
    [
      [5, 1, 3],
      [2, 1],
      [5, 2, 3],
    ],
  ])("%j and %j give %j", (a, b, shape) => {
    expect(broadcastShapes(a, b)).toEqual(shape);
    expect(broadcastShapes(b, a)).toEqual(shape);
  });

  it.each([
    [[2], [3]],
    [[0], [2]],
    [
      [2, 3],
      [2, 1, 2],
    ],
  ])("%j and %j do not meet", (a, b) => {
    expect(broadcastShapes(a, b)).toBeNull();
  });

  it("stretches only one way in broadcastsTo", () => {
    expect(broadcastsTo([1, 3], [2, 3])).toBe(true);
    expect(broadcastsTo([2, 3], [1, 3])).toBe(false);
    expect(broadcastsTo([2, 3], [3])).toBe(false);
  });
});

describe("axes", () => {
  it("resolves negative ones and sorts several", () => {
    expect(checkAxis("sum", -1, 3)).toBe(2);
    expect(checkAxes("sum", [-1, 0], 3)).toEqual([0, 2]);
  });

  it.each([
    [() => checkAxis("sum", 3, 3), "sum: axis must lie in -3..2; got 3."],
    [() => checkAxis("sum", -4, 3), "sum: axis must lie in -3..2; got -4."],
    [() => checkAxis("sum", 0.5, 3), "sum: axis must lie in -3..2; got 0.5."],
    [() => checkAxis("sum", 0, 0), "sum: axis must not be given for a scalar; got 0."],
    [() => checkAxes("sum", [0, -2], 2), "sum: axes must be distinct; got [0, -2] for rank 2."],
    [() => checkShape("zeros", [2, -1]), "zeros: sizes must be whole numbers >= 0; got [2, -1]."],
    [() => checkShape("zeros", [2.5]), "zeros: sizes must be whole numbers >= 0; got [2.5]."],
  ])("refuses what lies outside: %s", (call, message) => {
    expect(call).toThrow(new ShapeError(message.split(":")[0], message.slice(message.indexOf(":") + 2)));
  });
});

describe("inferShape", () => {
  it.each([
    [[2, -1], 6, [2, 3]],
    [[-1], 6, [6]],
    [[6, 1], 6, [6, 1]],
    [[-1, 0, 0].slice(0, 1), 0, [0]],
    [[], 1, []],
  ])("fills %j for %i elements: %j", (shape, size, filled) => {
    expect(inferShape("reshape", shape, size, [size])).toEqual(filled);
  });

  it.each([
    [[4, -1], 6, "the new shape must hold the same 6 elements; got [6] to [4, -1]."],
    [[4], 6, "the new shape must hold the same 6 elements; got [6] to [4]."],
    [[-1, -1], 6, "sizes must be whole numbers >= 0 with at most one -1; got [-1, -1]."],
    [[0, -1], 0, "the new shape must hold the same 0 elements; got [0] to [0, -1]."],
  ])("refuses %j for %i elements", (shape, size, message) => {
    expect(() => inferShape("reshape", shape, size, [size])).toThrow(new ShapeError("reshape", message));
  });
});
