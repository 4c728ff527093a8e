// The recurrent layers in plain ops, step by step: fallback of backends without the kernels, their oracle, and what
// derivatives of second and higher order are taken of. A loop, not a recursion: thousands of steps do not overflow.
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, reshape, sub, transpose } from "../algebra.ts";
import { gt, relu, sigmoid, tanh, where } from "../elementwise.ts";
import { linear, matmul } from "../linalg/matmul.ts";
import { stack } from "../placement.ts";
import { split } from "../shape.ts";
import { unstack } from "./unstack.ts";

interface PlainInputs {
  readonly x: Tensor;
  readonly weightIh: Tensor;
  readonly weightHh: Tensor;
  readonly h0: Tensor;
  readonly c0?: Tensor;
  readonly biasIh?: Tensor;
  readonly biasHh?: Tensor;
  readonly weightHr?: Tensor;
  readonly lengths?: Tensor;
}

interface Settings {
  readonly reverse: boolean;
  readonly activation: "tanh" | "relu";
}

/** The states after a step, h first, from those before it. */
type Step = (xt: Tensor, states: readonly Tensor[]) => Tensor[];

/** Walks the steps; where a sequence has ended its states stay and its output is zero. */
function unroll(
  op: string,
  { x, lengths }: PlainInputs,
  reverse: boolean,
  initial: readonly Tensor[],
  step: Step,
): Tensor[] {
  return scope<Tensor[]>(op, () => {
    const inputs = unstack(x);
    const outputs = [...inputs];
    let states = initial;
    for (let s = 0; s < inputs.length; s++) {
      const t = reverse ? inputs.length - 1 - s : s;
      const { next, y } = scope<{ next: Tensor[]; y: Tensor }>(op, () => {
        const next = step(inputs[t], states);
        if (!lengths) return { next, y: next[0] };
        const lasts = reshape(gt(lengths, t), [lengths.size, 1]);
        return {
          next: next.map((state, i) => where(lasts, state, states[i])),
          y: where(lasts, next[0], 0),
        };
      });
      states = next;
      outputs[t] = y;
    }
    return [stack(outputs), ...states];
  });
}

/** x weightᵀ + bias. */
const affine = (x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor =>
  linear(x, weight, bias ?? null);

function rnn(inputs: PlainInputs, { reverse, activation }: Settings): Tensor[] {
  const { weightIh, weightHh, biasIh, biasHh } = inputs;
  const activate = activation === "relu" ? relu : tanh;
  return unroll("rnn", inputs, reverse, [inputs.h0], (xt, [h]) => [
    activate(add(affine(xt, weightIh, biasIh), affine(h, weightHh, biasHh))),
  ]);
}

function lstm(inputs: PlainInputs, { reverse }: Settings): Tensor[] {
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = inputs;
  const initial = [inputs.h0, inputs.c0!];
  return unroll("lstm", inputs, reverse, initial, (xt, [h, c]) => {
    const all = add(affine(xt, weightIh, biasIh), affine(h, weightHh, biasHh));
    const [i, f, g, o] = split(all, c.shape[1], 1);
    const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    const hidden = mul(sigmoid(o), tanh(cell));
    return [weightHr ? matmul(hidden, transpose(weightHr)) : hidden, cell];
  });
}

function gru(inputs: PlainInputs, { reverse }: Settings): Tensor[] {
  const { weightIh, weightHh, biasIh, biasHh } = inputs;
  return unroll("gru", inputs, reverse, [inputs.h0], (xt, [h]) => {
    const size = h.shape[1];
    const [xr, xz, xn] = split(affine(xt, weightIh, biasIh), size, 1);
    const [hr, hz, hn] = split(affine(h, weightHh, biasHh), size, 1);
    const r = sigmoid(add(xr, hr));
    const z = sigmoid(add(xz, hz));
    const n = tanh(add(xn, mul(r, hn)));
    return [add(mul(sub(1, z), n), mul(z, h))];
  });
}

export const decompositions = { rnn, lstm, gru };
