// Writes translations: the likeliest character at each step, many texts at once.
import { argmax, full, noGrad, scope, tensor } from "neurite";
import type { Tensor } from "neurite";
import type { EncodedSource, Seq2SeqLstm } from "neurite/models";
import { END, START } from "./codes.ts";
import type { Codes } from "./codes.ts";

export interface Translation {
  readonly text: string;
  /** For each written character, the end included: how much it looked at each character of the source. */
  readonly attention: readonly (readonly number[])[];
}

/** Translates texts greedily, at most `longest` characters each. */
export function translate(
  model: Seq2SeqLstm,
  codes: Codes,
  sources: readonly string[],
  longest: number,
): Translation[] {
  const read = sources.map((source) => codes.readSource(source));
  const lengths = read.map((source) => source.length);
  const width = Math.max(...lengths);
  const padded = Int32Array.from(
    read.flatMap((source) => [...source, ...new Array<number>(width - source.length).fill(0)]),
  );
  model.eval();
  return scope<Translation[]>(() =>
    noGrad<Translation[]>(() => {
      let encoded: EncodedSource = model.encode(tensor(padded, { shape: [sources.length, width] }), lengths);
      let next: Tensor = full([sources.length, 1], START, { dtype: "int32" });
      const written: number[][] = sources.map(() => []);
      const looks: number[][][] = sources.map(() => []);
      for (let t = 0; t <= longest; t++) {
        const { scores, attention, state } = model.decode(next, encoded);
        encoded = { ...encoded, state };
        next = argmax(scores, { axis: 2 }); // [B, 1]
        const weights = attention.dataSync();
        next.dataSync().forEach((code, i) => {
          if (written[i].at(-1) === END) return;
          written[i].push(code);
          looks[i].push(Array.from(weights.subarray(i * width, i * width + lengths[i])));
        });
        if (written.every((row) => row.at(-1) === END)) break;
      }
      return written.map((row, i) => ({ text: codes.writeTarget(row), attention: looks[i] }));
    }),
  );
}
