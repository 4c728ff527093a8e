// The loss curve: gathered in bounded size, so that it can lie in a checkpoint, and drawn as text in 80 columns.
import { createRequire } from "node:module";

// asciichart ships no types; this is the part of it that is used here.
const { plot } = createRequire(import.meta.url)("asciichart") as {
  plot: (series: readonly number[], options: { height: number; format: (value: number) => string }) => string;
};

/** The loss over training in a bounded number of points: when there are too many, neighbours are averaged. */
export class Curve {
  static readonly #most = 512;
  #points: number[];
  #perPoint: number;
  #sum = 0;
  #count = 0;

  constructor(steps: number, points: readonly number[] = []) {
    this.#points = [...points];
    this.#perPoint = Math.max(1, Math.ceil(steps / Curve.#most));
  }

  add(loss: number): void {
    this.#sum += loss;
    this.#count++;
    if (this.#count < this.#perPoint) return;
    this.#points.push(this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
  }

  get points(): readonly number[] {
    return this.#points;
  }
}

/** The loss over training, log-scaled, averaged into at most `width` columns. */
export function drawCurve(losses: readonly number[], width = 64, height = 10): string {
  const columns = Math.min(width, losses.length);
  const means = Array.from({ length: columns }, (_, column) => {
    const start = Math.floor((column * losses.length) / columns);
    const end = Math.floor(((column + 1) * losses.length) / columns);
    const part = losses.slice(start, end);
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });
  // The loss falls by orders of magnitude, most of it in the first epoch.
  const logs = means.map((mean) => Math.log10(Math.max(mean, 1e-6)));
  const label = (log: number): string => (10 ** log).toPrecision(3).slice(0, 8).padStart(9);
  return plot(logs, { height, format: label }).replace(/ +$/gm, "");
}
