// The kernels' scratch space: one block, given back once and no more, even where a larger one could not be had.
import { describe, expect, it } from "vitest";
import { Workspace } from "../../src/backend/wasm/exports.ts";

function workspaceOver(ceiling: number): { workspace: Workspace; freed: number[] } {
  const freed: number[] = [];
  let next = 64;
  const residency = {
    reserve: (bytes: number): number => {
      if (bytes > ceiling) throw new RangeError("full");
      next += bytes;
      return next - bytes;
    },
    unreserve: (ptr: number): void => void freed.push(ptr),
  };
  const [heap, books] = [null, residency] as unknown as ConstructorParameters<typeof Workspace>;
  return { workspace: new Workspace(heap, books), freed };
}

describe("Workspace", () => {
  it("keeps its block while it is large enough", () => {
    const { workspace, freed } = workspaceOver(1000);
    expect(workspace.scratch(100)).toBe(64);
    expect(workspace.scratch(40)).toBe(64);
    expect(workspace.scratch(200)).toBe(164);
    expect(freed).toEqual([64]);
  });

  it("gives a block back once, though growing it failed twice", () => {
    const { workspace, freed } = workspaceOver(1000);
    workspace.scratch(100);
    for (let i = 0; i < 2; i++) expect(() => workspace.scratch(5000)).toThrow("full");
    expect(workspace.scratch(100)).toBeGreaterThan(0);
    expect(new Set(freed).size).toBe(freed.length);
  });

  it("gives a borrowed block back when the kernel throws", () => {
    const { workspace, freed } = workspaceOver(1000);
    const failing = (): never => {
      throw new Error("kernel");
    };
    expect(() => workspace.borrow(100, failing)).toThrow("kernel");
    expect(freed).toEqual([64]);
  });
});
