// What a run shows while it trains: a live bar on a terminal, plain lines elsewhere.
import cliProgress from "cli-progress";
import type { Callback, EpochRecord } from "neurite/train";

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, "0")}`;
};

const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

const thousands = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Images per second and time left, of this process alone: a resumed run starts anew. */
class Pace {
  #start = performance.now();
  #images = 0;
  #steps = 0;

  add(images: number): void {
    this.#images += images;
    this.#steps++;
  }

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  get imagesPerSecond(): number {
    return this.#images / this.seconds;
  }

  left(stepsLeft: number): string {
    return duration((this.seconds / this.#steps) * stepsLeft);
  }
}

function epochLine(record: EpochRecord, epochs: number, seconds: number): string {
  const { epoch, loss, valLoss, valAccuracy } = record;
  const count = `epoch ${String(epoch).padStart(String(epochs).length)}/${String(epochs)}`;
  const validation = `validation loss ${valLoss.toFixed(4)}, accuracy ${percent(valAccuracy)}`;
  return `${count}  loss ${loss.toFixed(4)}  ${validation}  ${duration(seconds)}`;
}

/** Shows a run on a stream: a bar that moves where it is a terminal, one line now and then where it is not. */
export function showProgress(output: NodeJS.WriteStream, epochs: number): Callback & { stop(): void } {
  return output.isTTY ? liveBar(output, epochs) : plainLines(output, epochs);
}

function liveBar(output: NodeJS.WriteStream, epochs: number): Callback & { stop(): void } {
  const pace = new Pace();
  const bar = new cliProgress.SingleBar({
    stream: output,
    format: "epoch {epoch} {bar} {value}/{total}  loss {loss}  {speed} images/s  {left} left",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 14,
    clearOnComplete: true,
    // The program has its own way out on Ctrl-C.
    gracefulExit: false,
  });
  let epochOnBar = 0;
  return {
    onBatchEnd({ epoch, batch, batches, step, steps, loss, samples }) {
      pace.add(samples);
      const payload = {
        epoch: `${String(epoch).padStart(String(epochs).length)}/${String(epochs)}`,
        loss: loss.toFixed(4),
        speed: thousands(pace.imagesPerSecond).padStart(6),
        left: pace.left(steps - step),
      };
      if (epoch !== epochOnBar) bar.start(batches, batch, payload);
      epochOnBar = epoch;
      bar.update(batch, payload);
    },
    onEpochEnd(record) {
      bar.stop();
      output.write(`${epochLine(record, epochs, pace.seconds)}\n`);
    },
    stop: () => bar.stop(),
  };
}

const LINE_SECONDS = 5;

function plainLines(output: Output, epochs: number): Callback & { stop(): void } {
  const pace = new Pace();
  let lastLine = 0;
  return {
    onBatchEnd({ epoch, batch, batches, step, steps, loss, samples }) {
      pace.add(samples);
      if (pace.seconds - lastLine < LINE_SECONDS) return;
      lastLine = pace.seconds;
      const where = `epoch ${String(epoch)}/${String(epochs)}  batch ${String(batch)}/${String(batches)}`;
      const speed = `${thousands(pace.imagesPerSecond)} images/s`;
      output.write(`${where}  loss ${loss.toFixed(4)}  ${speed}  ${pace.left(steps - step)} left\n`);
    },
    onEpochEnd(record) {
      output.write(`${epochLine(record, epochs, pace.seconds)}\n`);
    },
    stop: () => undefined,
  };
}
