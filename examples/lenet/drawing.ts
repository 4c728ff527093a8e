// The test of LeNet drawn as text: the confusion matrix, digits. All of it fits in 80 columns.
const SHADES = " ░▒▓█";

/** Rows are what the images show, columns what the model said. */
export function drawConfusion(counts: readonly (readonly number[])[]): string {
  const cell = (value: number | string): string => String(value).padStart(5);
  const head = `true\\said${counts.map((_, digit) => cell(digit)).join("")}   recall`;
  const rows = counts.map((row, digit) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const recall = total === 0 ? "-" : `${((100 * row[digit]) / total).toFixed(2)}%`;
    // Zeros as dots let the mistakes stand out.
    return `${String(digit).padStart(9)}${row.map((count) => cell(count === 0 ? "·" : count)).join("")}  ${recall.padStart(7)}`;
  });
  return [head, ...rows].join("\n");
}

export interface Answer {
  /** 28 x 28 bytes, 0 background to 255 ink. */
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly said: number;
  /** Probability of what was said. */
  readonly confidence: number;
}

const SIDE = 28;
const WIDTH = 24;

/** One digit as lines of text, two rows of pixels to a line. */
function drawDigit({ pixels, label, said, confidence }: Answer): string[] {
  const lines: string[] = [];
  // MNIST keeps a margin of 4 pixels: rows 2..25 and columns 2..25 hold all the ink.
  for (let row = 2; row < SIDE - 2; row += 2) {
    let line = "";
    for (let column = 2; column < SIDE - 2; column++) {
      const ink = (pixels[row * SIDE + column] + pixels[(row + 1) * SIDE + column]) / 2;
      line += SHADES[Math.min(SHADES.length - 1, Math.round((ink / 255) * (SHADES.length - 1)))];
    }
    lines.push(line);
  }
  const verdict = said === label ? "right" : `wrong: ${String(label)}`;
  lines.push(`${String(said)} (${(100 * confidence).toFixed(1)}%), ${verdict}`.padEnd(WIDTH));
  return lines;
}

/** Digits side by side, three to a row. */
export function drawDigits(answers: readonly Answer[]): string {
  const rows: string[] = [];
  for (let start = 0; start < answers.length; start += 3) {
    const drawn = answers.slice(start, start + 3).map(drawDigit);
    for (let line = 0; line < drawn[0].length; line++) {
      rows.push(
        drawn
          .map((digit) => digit[line])
          .join("  ")
          .trimEnd(),
      );
    }
  }
  return rows.join("\n");
}
