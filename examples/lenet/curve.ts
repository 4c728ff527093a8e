// The loss curve as it is gathered: bounded, so that it can lie in a checkpoint.

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
