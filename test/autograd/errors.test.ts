// What backward refuses, in which words, and that nothing is left allocated.
import { describe, expect, it } from "vitest";
import { backward, exp, grad, GradError, memory, mul, sum, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { assign } from "../../src/ops/assign.ts";
import { scoped } from "../scoped.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("what backward refuses", () => {
  const refuses = (call: () => void, message: string | RegExp): void => {
    const before = memory();
    // Once only: a walk that fails half-way has freed what it passed.
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(GradError);
    expect((error as GradError).message).toMatch(message);
    const { tensors, buffers, bytes } = memory();
    expect({ tensors, buffers, bytes }).toEqual({
      tensors: before.tensors,
      buffers: before.buffers,
      bytes: before.bytes,
    });
  };

  it(
    "an output that is not a scalar",
    scoped(() => {
      const y = mul(leaf([1, 2]), 2);
      refuses(
        () => backward(y),
        "backward: the output must be a scalar; got shape [2]. Reduce it (loss.mean()) or pass { gradOutput }.",
      );
    }),
  );

  it(
    "a gradOutput of another shape",
    scoped(() => {
      const y = mul(leaf([1, 2]), 2);
      const gradOutput = tensor([1]);
      refuses(
        () => backward(y, { gradOutput }),
        "backward: gradOutput must have the output's shape; got [1] for [2].",
      );
    }),
  );

  it(
    "an output without history",
    scoped(() => {
      const y = sum(tensor([1, 2]));
      refuses(
        () => backward(y),
        "backward: the output must depend on a tensor that requires a gradient; got one made by sum.",
      );
    }),
  );

  it(
    "a tensor that requires no gradient, as the target",
    scoped(() => {
      const y = sum(leaf([1]));
      const other = tensor([1]);
      refuses(
        () => grad(y, other),
        "grad: wrt must require a gradient; got one that does not (made by tensor).",
      );
    }),
  );

  it(
    "a second walk over a graph that was freed",
    scoped(() => {
      const x = leaf([1, 2]);
      const y = sum(mul(x, x));
      const first = grad(y, x);
      refuses(
        () => grad(y, x),
        /grad: the graph must still hold what (sum|mul) saved; got one that was already walked\. Pass \{ retainGraph: true \} the first time\./,
      );
      first.dispose();
    }),
  );

  it(
    "a saved tensor that was overwritten",
    scoped(() => {
      const x = leaf([1, 2]);
      const y = sum(mul(x, x));
      const fresh = tensor([5, 5]);
      assign(x, fresh);
      refuses(
        () => grad(y, x),
        'grad: what mul saved must be unchanged; got "a" overwritten in place (version 1, saved at 0). Run backward before the update.',
      );
    }),
  );

  it(
    "a saved tensor that was overwritten, after other gradients were already found",
    scoped(() => {
      const [x, late] = [leaf([1, 2]), leaf([1, 2])];
      const y = mul(x, x);
      const z = sum(mul(y, late));
      const fresh = tensor([5, 5]);
      assign(x, fresh);
      refuses(() => grad(z, [late, x], { retainGraph: true }), /"a" overwritten in place/);
    }),
  );

  it(
    "a gradient for integers",
    scoped(() => {
      expect(() => tensor([1, 2], { dtype: "int32", requiresGrad: true })).toThrow(
        "requiresGrad: the dtype must be floating to have a gradient; got int32.",
      );
    }),
  );

  it(
    "making a result a leaf",
    scoped(() => {
      const y = exp(leaf([1]));
      refuses(
        () => y.setRequiresGrad(false),
        "requiresGrad: only leaf tensors can change it; got a result of exp. Call detach() first.",
      );
    }),
  );
});
