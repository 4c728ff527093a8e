// Writes text with a trained model, each character as soon as it is drawn.
import { multinomial, noGrad, scope, tensor } from "neurite";
import type { Tensor } from "neurite";
import type { CharLSTM, CharLSTMState } from "neurite/models";

export interface SampleOptions {
  readonly length: number;
  readonly temperature: number;
  readonly signal: AbortSignal;
}

const PRIMER = "The ";
const TURN = 16; // characters between turns of the event loop

/** Draws the next characters from softmax(scores / temperature) and streams them to the terminal. */
export async function writeSample(
  model: CharLSTM,
  vocabulary: readonly string[],
  { length, temperature, signal }: SampleOptions,
): Promise<void> {
  const primer = Array.from(PRIMER, (character) => Math.max(0, vocabulary.indexOf(character)));
  let state: CharLSTMState | null = null;
  let input = primer;
  process.stdout.write(PRIMER);
  for (let i = 0; i < length; i++) {
    const before: CharLSTMState | null = state;
    const step: { state: CharLSTMState; drawn: Tensor } = scope(() =>
      noGrad(() => {
        const x = tensor(input, { shape: [1, input.length], dtype: "int32" });
        const [scores, next] = model.next(x, before);
        const last = scores.slice(1, input.length - 1).reshape([vocabulary.length]);
        return { state: next, drawn: multinomial(last.div(temperature).softmax(), 1) };
      }),
    );
    for (const old of before ?? []) old.dispose();
    state = step.state;
    const code = await step.drawn.item();
    step.drawn.dispose();
    input = [code];
    process.stdout.write(vocabulary[code]);
    if (i % TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    signal.throwIfAborted();
  }
  for (const old of state ?? []) old.dispose();
  process.stdout.write("\n\n");
}
