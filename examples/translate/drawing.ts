// The picture of attention: for each written character, how much it looked at each character of the source.
import type { PlotSpec } from "../shared/plot.ts";
import type { Translation } from "./writing.ts";

export function drawAttention(shown: readonly { source: string; translation: Translation }[]): PlotSpec {
  return {
    vconcat: shown.map(({ source, translation: { text, attention } }) => {
      const read = Array.from(source);
      const written = [...Array.from(text), "end"];
      const values = attention.flatMap((row, j) => row.map((weight, i) => ({ read: i, written: j, weight })));
      const letters = (texts: readonly string[]): string =>
        `[${texts.map((letter) => JSON.stringify(letter === " " ? "␣" : letter)).join(", ")}][datum.value]`;
      return {
        width: 18 * read.length,
        height: 18 * written.length,
        data: { values },
        mark: "rect",
        encoding: {
          x: {
            field: "read",
            type: "ordinal",
            title: "read",
            axis: { orient: "top", labelAngle: 0, labelExpr: letters(read) },
          },
          y: { field: "written", type: "ordinal", title: "written", axis: { labelExpr: letters(written) } },
          color: {
            field: "weight",
            type: "quantitative",
            title: "attention",
            scale: { scheme: "blues", domain: [0, 1] },
          },
        },
      };
    }),
  };
}
