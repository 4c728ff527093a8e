// Scopes: what they release, what they hand out, and how they are misused.
import { describe, expect, it } from "vitest";
import { currentScope } from "../../src/tensor/scope.ts";
import {
  add,
  DisposedError,
  exp,
  keep,
  memory,
  mul,
  noGrad,
  Scope,
  scope,
  ScopeError,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";

const tensors = (): number => memory().tensors;

describe("scope", () => {
  it("releases what was made inside, and hands out what it returns, at any depth of plain containers", () => {
    const before = tensors();
    const made: Tensor[] = [];
    const make = (): Tensor => {
      const x = tensor([1]);
      made.push(x);
      return x;
    };
    const result = scope(() => {
      make();
      return {
        a: make(),
        list: [make(), [make()]],
        map: new Map([["k", make()]]),
        set: new Set([make()]),
        n: 1,
        none: null,
      };
    });
    expect(made.map((x) => x.isDisposed)).toEqual([true, false, false, false, false, false]);
    for (const x of made.slice(1)) x.dispose();
    expect(result.n).toBe(1);
    expect(tensors()).toBe(before);
  });

  it("hands out to the scope around it, which releases in its turn", () => {
    let inner: Tensor | undefined;
    scope(() => {
      inner = scope(() => tensor([1]));
      expect(inner.isDisposed).toBe(false);
    });
    expect(inner!.isDisposed).toBe(true);
  });

  it("leaves tensors from outside alone, even when it returns them", () => {
    const x = tensor([1]);
    scope(() => x);
    expect(x.isDisposed).toBe(false);
    x.dispose();
  });

  it("releases when the function throws", () => {
    const before = tensors();
    expect(() =>
      scope(() => {
        tensor([1]);
        throw new RangeError("mine");
      }),
    ).toThrow(new RangeError("mine"));
    expect(tensors()).toBe(before);
  });

  it("lets kept tensors live", () => {
    const x = scope(() => {
      const kept = keep(tensor([7]));
      return () => kept;
    })();
    expect(x.itemSync()).toBe(7);
    x.dispose();
  });

  it("survives containers that contain themselves, and returns the same tensor twice", () => {
    const before = tensors();
    const x = scope(() => {
      const list: unknown[] = [];
      const y = tensor([1]);
      list.push(list, y, y);
      return list;
    })[1] as Tensor;
    expect(x.isDisposed).toBe(false);
    x.dispose();
    expect(tensors()).toBe(before);
  });

  it("frees a tensor once that was disposed inside by hand", () => {
    const before = tensors();
    scope(() => {
      const [a, b, c] = [tensor([1]), tensor([2]), tensor([3])];
      b.dispose();
      b.dispose();
      expect(add(a, c).itemSync()).toBe(4);
    });
    expect(tensors()).toBe(before);
  });

  it("refuses a function that returns a promise, by name", () => {
    const before = tensors();
    const call = (): unknown =>
      (scope as (name: string, fn: () => unknown) => unknown)("step 3", () => Promise.resolve(tensor([1])));
    expect(call).toThrow(ScopeError);
    expect(call).toThrow(
      'scope: the function must be synchronous; got one that returned a promise (scope "step 3"). ' +
        "Await outside, or use new Scope(name, { detached: true }) with run(fn) for the synchronous parts.",
    );
    expect(tensors()).toBe(before);
  });
});

describe("Scope", () => {
  it("must close in reverse order of opening, and says which is open", () => {
    const outer = new Scope("outer");
    const inner = new Scope("inner");
    expect(() => outer.close()).toThrow(
      'scope: scopes must close in reverse order of opening; got "outer" closing while "inner" is innermost. ' +
        "Do not hold a scope across await; for concurrent tasks use new Scope(name, { detached: true }) and its run(fn).",
    );
    inner.close();
    outer.close();
    outer.close();
    expect(outer.isOpen).toBe(false);
  });

  it("owns what is made in its runs, whoever else is at work in between", () => {
    const before = tensors();
    const mine = new Scope("mine");
    const x = mine.run(() => tensor([1]));
    const other = scope(() => mine.run(() => tensor([2])));
    expect(other.isDisposed).toBe(false);
    mine.close();
    expect([x.isDisposed, other.isDisposed]).toEqual([true, true]);
    expect(tensors()).toBe(before);
    expect(() => mine.run(() => tensor([1]))).toThrow(
      'scope.run: the scope must be open; got "mine", already closed.',
    );
  });

  // A scope is always opened on the stack, so of two tasks that take turns the first cannot close before the second.
  it("serves two tasks that take turns across awaits", async () => {
    const task = async (name: string, value: number): Promise<[kept: number, isReleased: boolean]> => {
      const own = new Scope(name, { detached: true });
      const x = own.run(() => tensor([value]));
      await Promise.resolve();
      const y = own.run(() => mul(x, 2));
      await Promise.resolve();
      const kept = y.itemSync();
      own.close();
      return [kept, x.isDisposed && y.isDisposed];
    };
    expect(await Promise.all([task("a", 1), task("b", 2)])).toEqual([
      [2, true],
      [4, true],
    ]);
  });

  it("left open by an error does not hide it, nor stay current", () => {
    expect(() =>
      scope("outer", () => {
        new Scope("inner");
        tensor([1]);
        throw new Error("boom");
      }),
    ).toThrow("boom");
    expect(currentScope()).toBeNull();
  });

  it("must not close inside its own run", () => {
    const own = new Scope("own");
    expect(() => own.run(() => own.close())).toThrow('must not close inside its own run(); got "own"');
    own.close();
    expect(currentScope()).toBeNull();
  });

  it("detached, is not current, and cannot close while it runs", () => {
    const own = new Scope("detached", { detached: true });
    const outside = tensor([1]);
    expect(() => own.run(() => own.close())).toThrow('must not close inside its own run(); got "detached"');
    own.close();
    expect(outside.isDisposed).toBe(false);
    outside.dispose();
  });
});

describe("a released tensor", () => {
  const released = (): Tensor =>
    scope("train step 17", () => {
      const x = exp(tensor([1]));
      return () => x;
    })();

  it("is refused by name of the op, its maker and the scope", () => {
    const x = released();
    expect(() => mul(x, 2)).toThrow(DisposedError);
    expect(() => mul(x, 2)).toThrow(
      'mul: its inputs must be alive; got one that was released when scope "train step 17" ended (made by exp). ' +
        "Return it from the scope or call keep(x).",
    );
    expect(() => x.dataSync()).toThrow(/^data: /);
    expect(() => x.reshape([1, 1])).toThrow(/^reshape: /);
    expect(() => noGrad(() => x.detach())).toThrow(/^detach: /);
    expect(() => keep(x)).toThrow(DisposedError);
  });

  it("rejects asynchronous reads too", async () => {
    await expect(released().data()).rejects.toThrow(DisposedError);
    await expect(released().item()).rejects.toThrow(DisposedError);
  });
});
