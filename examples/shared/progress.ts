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

/** What is counted per second, and how many of them a sample holds. */
export interface Speed {
  readonly unit: string;
  readonly unitsPerSample: number;
}

/** Units per second and time left, of this process alone: a resumed run starts anew. */
class Pace {
  readonly #speed: Speed;
  #start = performance.now();
  #samples = 0;
  #steps = 0;

  constructor(speed: Speed) {
    this.#speed = speed;
  }

  add(samples: number): void {
    this.#samples += samples;
    this.#steps++;
  }

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Such as `1,234 images/s`. */
  get speed(): string {
    const { unit, unitsPerSample } = this.#speed;
    return `${thousands((this.#samples * unitsPerSample) / this.seconds).padStart(6)} ${unit}/s`;
  }

  left(stepsLeft: number): string {
    return duration((this.seconds / this.#steps) * stepsLeft);
  }
}

function epochLine(record: EpochRecord, epochs: number, seconds: number): string {
  const { epoch, loss, valLoss, valAccuracy } = record as EpochRecord & Partial<Record<string, number>>;
  const count = `epoch ${String(epoch).padStart(String(epochs).length)}/${String(epochs)}`;
  const accuracy = valAccuracy === undefined ? "" : `, accuracy ${percent(valAccuracy)}`;
  const validation = valLoss === undefined ? "" : `  validation loss ${valLoss.toFixed(4)}${accuracy}`;
  return `${count}  loss ${loss.toFixed(4)}${validation}  ${duration(seconds)}`;
}

/** Shows a run on a stream: a bar that moves where it is a terminal, one line now and then where it is not. */
export function showProgress(
  output: NodeJS.WriteStream,
  epochs: number,
  speed: Speed,
): Callback & { stop(): void } {
  return output.isTTY ? liveBar(output, epochs, speed) : plainLines(output, epochs, speed);
}

function liveBar(output: NodeJS.WriteStream, epochs: number, speed: Speed): Callback & { stop(): void } {
  const pace = new Pace(speed);
  const bar = new cliProgress.SingleBar({
    stream: output,
    format: "epoch {epoch} {bar} {value}/{total}  loss {loss}  {speed}  {left} left",
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
        speed: pace.speed,
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

function plainLines(output: Output, epochs: number, speed: Speed): Callback & { stop(): void } {
  const pace = new Pace(speed);
  let lastLine = 0;
  return {
    onBatchEnd({ epoch, batch, batches, step, steps, loss, samples }) {
      pace.add(samples);
      if (pace.seconds - lastLine < LINE_SECONDS) return;
      lastLine = pace.seconds;
      const where = `epoch ${String(epoch)}/${String(epochs)}  batch ${String(batch)}/${String(batches)}`;
      output.write(
        `${where}  loss ${loss.toFixed(4)}  ${pace.speed.trim()}  ${pace.left(steps - step)} left\n`,
      );
    },
    onEpochEnd(record) {
      output.write(`${epochLine(record, epochs, pace.seconds)}\n`);
    },
    stop: () => undefined,
  };
}
