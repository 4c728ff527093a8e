// The recurrent models: sizes, shapes, going on step by step, and that attention looks only where something was read.
import { describe, expect, it } from "vitest";
import { backward, cat, crossEntropy, manualSeed, memory, scope, slice, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { CharLSTM, LstmForecaster, Seq2SeqLstm } from "../../src/models/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { own } from "../disposables.ts";
import { scoped } from "../scoped.ts";

const ints = (values: readonly number[], ...shape: number[]): Tensor =>
  tensor(values, { shape, dtype: "int32" });

describe("CharLSTM", () => {
  it(
    "has as many parameters as the paper's arithmetic says, and goes on where it stopped",
    scoped(() => {
      manualSeed(1);
      const model = own(new CharLSTM(85));
      expect(model.parameterCount()).toBe(357_013);
      const x = ints([1, 2, 3, 4, 5, 6], 2, 3);
      const whole = model.forward(x);
      expect(whole.shape).toEqual([2, 3, 85]);
      const [first, state] = model.next(slice(x, 1, 0, 2), null);
      const [rest] = model.next(slice(x, 1, 2), state);
      expect(cat([first, rest], 1)).toBeCloseToTensor(whole, { rtol: 1e-5, atol: 1e-6 });
    }),
  );

  it("goes on from a state without leaving anything between", () => {
    const model = new CharLSTM(5, { embedding: 4, hidden: 6 });
    const x = ints([0, 1, 2], 1, 3);
    const before = memory().tensors;
    const [scores, state] = model.next(x, null);
    const [more, last] = model.next(x, state);
    expect(memory().tensors).toBe(before + 6);
    for (const one of [scores, more, ...state, ...last, x]) one.dispose();
    model.dispose();
  });

  it(
    "learns a cycle",
    scoped(() => {
      manualSeed(2);
      const model = own(new CharLSTM(5, { embedding: 4, hidden: 16 }));
      const optimizer = own(new Adam(model.parameters(), { lr: 0.03 }));
      const x = ints([0, 1, 2, 3, 4, 0, 1, 2], 1, 8);
      const y = ints([1, 2, 3, 4, 0, 1, 2, 3], 8);
      const losses = Array.from({ length: 40 }, () =>
        scope<number>(() => {
          optimizer.zeroGrad();
          const loss = crossEntropy(model.forward(x).reshape([8, 5]), y);
          backward(loss);
          optimizer.step();
          return loss.itemSync();
        }),
      );
      optimizer.zeroGrad();
      expect(losses[39]).toBeLessThan(0.1 * losses[0]);
    }),
  );
});

describe("LstmForecaster", () => {
  it(
    "reads windows and gives a horizon",
    scoped(() => {
      const model = own(new LstmForecaster(3, 7, { layers: 2, hidden: 8 }));
      const x = tensor(
        Array.from({ length: 2 * 5 * 3 }, (_, i) => Math.sin(i)),
        { shape: [2, 5, 3] },
      );
      const y = model.forward(x);
      expect(y.shape).toEqual([2, 7]);
      // Each window for itself.
      expect(model.forward(slice(x, 0, 1))).toBeCloseToTensor(slice(y, 0, 1), { rtol: 1e-5, atol: 1e-6 });
    }),
  );
});

describe("Seq2SeqLstm", () => {
  it(
    "looks only at what was read, and does not see padding",
    scoped(() => {
      manualSeed(3);
      const model = own(new Seq2SeqLstm(9, 6, { embedding: 4, hidden: 8 }));
      const target = ints([1, 2, 3, 1, 4, 5], 2, 3);
      const padded = model.encode(ints([1, 2, 3, 4, 5, 6, 0, 0], 2, 4), [4, 2]);
      const { scores, attention } = model.decode(target, padded);
      expect(scores.shape).toEqual([2, 3, 6]);
      expect(attention.shape).toEqual([2, 3, 4]);
      expect(attention.sum({ axis: -1 })).toBeCloseToTensor([1, 1, 1, 1, 1, 1], { rtol: 1e-6 });
      expect(Array.from(slice(slice(attention, 0, 1), 2, 2).dataSync())).toEqual([0, 0, 0, 0, 0, 0]);
      const alone = model.forward(ints([5, 6], 1, 2), [2], slice(target, 0, 1));
      expect(slice(scores, 0, 1)).toBeCloseToTensor(alone, { rtol: 1e-5, atol: 1e-6 });
    }),
  );

  it(
    "writes token by token what it writes at once",
    scoped(() => {
      manualSeed(4);
      const model = own(new Seq2SeqLstm(9, 6, { embedding: 4, hidden: 8 }));
      const target = ints([1, 2, 3, 1, 4, 5], 2, 3);
      let encoded = model.encode(ints([1, 2, 3, 4, 5, 6], 2, 3), [3, 3]);
      const whole = model.decode(target, encoded).scores;
      const steps = [0, 1, 2].map((t) => {
        const { scores, state } = model.decode(slice(target, 1, t, t + 1), encoded);
        encoded = { ...encoded, state };
        return scores;
      });
      expect(cat(steps, 1)).toBeCloseToTensor(whole, { rtol: 1e-5, atol: 1e-6 });
    }),
  );
});
