// ONNX's recurrent operators: gates in another order, weights and states per direction.
import {
  cast,
  cat,
  gru,
  lstm,
  reshape,
  rnn,
  select,
  split,
  stack,
  transpose,
  zerosLike,
} from "../../../src/index.ts";
import type { LstmWeights, Tensor } from "../../../src/index.ts";
import type { Invocation, Operators } from "../invocation.ts";

type Cell = "rnn" | "lstm" | "gru";

/** Where the library's gates stand among ONNX's: i f g o in i o f c, r z n in z r h. */
const ORDER: Readonly<Record<Cell, readonly number[]>> = { rnn: [0], lstm: [0, 2, 3, 1], gru: [1, 0, 2] };
const DEFAULTS: Readonly<Record<Cell, string>> = {
  rnn: "Tanh",
  lstm: "Sigmoid,Tanh,Tanh",
  gru: "Sigmoid,Tanh",
};

const reordered = (x: Tensor, cell: Cell): Tensor => {
  const gates = split(x, x.shape[0] / ORDER[cell].length, 0);
  return cat(
    ORDER[cell].map((i) => gates[i]),
    0,
  );
};

function refuse(call: Invocation, cell: Cell): void {
  const activations = call.node.attributes["activations"] as readonly string[] | undefined;
  const given = (activations ?? []).slice(0, DEFAULTS[cell].split(",").length).join(",");
  if (given !== "" && given.toLowerCase() !== DEFAULTS[cell].toLowerCase())
    call.beyond(`activations ${given} are not offered`);
  if (call.has("clip")) call.beyond("clipped gates are not offered");
  if (call.number("input_forget", 0) !== 0) call.beyond("coupled input and forget gates are not offered");
  if (cell === "lstm" && call.optional(7) !== null) call.beyond("peepholes are not offered");
}

function direction(call: Invocation, cell: Cell, x: Tensor, at: number, reverse: boolean): Tensor[] {
  const part = (i: number): Tensor | null => {
    const all = call.optional(i);
    return all && select(all, i >= 5 && call.number("layout", 0) === 1 ? 1 : 0, at);
  };
  const biases = part(3);
  const [biasIh, biasHh] = biases ? split(biases, biases.size / 2, 0).map((b) => reordered(b, cell)) : [];
  const weights: LstmWeights = {
    weightIh: reordered(part(1)!, cell),
    weightHh: reordered(part(2)!, cell),
    ...(biases && { biasIh, biasHh }),
  };
  const lengths = call.optional(4);
  const options = { reverse, h0: part(5), lengths: lengths && cast(lengths, "int32") };
  if (cell === "rnn") {
    const { y, h } = rnn(x, weights, options);
    return [y, h];
  }
  if (cell === "lstm") {
    const { y, h, c } = lstm(x, weights, { ...options, c0: part(6) });
    return [y, h, c];
  }
  if (call.number("linear_before_reset", 0) === 0) {
    if (x.shape[0] > 1 || options.h0 !== null)
      call.beyond("the reset gate in front of the product is not offered (PyTorch has it behind)");
    // Without a state the two forms differ only in where the bias stands.
    const moved = biases && { biasIh: biasIh.add(biasHh), biasHh: zerosLike(biasHh) };
    const { y, h } = gru(x, { ...weights, ...moved }, options);
    return [y, h];
  }
  const { y, h } = gru(x, weights, options);
  return [y, h];
}

const recurrent =
  (cell: Cell) =>
  (call: Invocation): Tensor[] => {
    refuse(call, cell);
    const batchwise = call.number("layout", 0) === 1;
    const x = batchwise ? transpose(call.x(), 0, 1) : call.x();
    const way = call.text("direction", "forward");
    const ways = way === "bidirectional" ? [false, true] : [way === "reverse"];
    const found = ways.map((reverse, at) => direction(call, cell, x, at, reverse));
    const [y, ...states] = found[0].map((_, k) => found.map((results) => results[k]));
    // [T, directions, B, H], or [B, T, directions, H]; states [directions, B, H], or [B, directions, H].
    const output = stack(y, 1);
    return [
      batchwise ? output.permute([2, 0, 1, 3]) : output,
      ...states.map((list) => (batchwise ? transpose(stack(list, 0), 0, 1) : stack(list, 0))),
    ].map((result) => reshape(result, result.shape));
  };

export const recurrents: Operators = {
  RNN: recurrent("rnn"),
  LSTM: recurrent("lstm"),
  GRU: recurrent("gru"),
};
