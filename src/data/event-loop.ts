// Giving the event loop a turn. A loop of resolved promises never lets timers, signals, messages or repaints through:
// only a macrotask does.

const scheduleImmediate = (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate;

/** Resolves in a later turn of the event loop. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (scheduleImmediate) return void scheduleImmediate(resolve);
    // Browsers delay nested timers by 4 ms; a message comes at once.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** How long a loop may run without giving the event loop a turn. */
export const TURN_MS = 50;

/** Gives the event loop a turn whenever half of the allowed time has passed: `if (pacer.due) await pacer.turn()`. */
export class Pacer {
  #last = performance.now();

  /** Half, since the work between two checks takes time of its own. */
  get due(): boolean {
    return performance.now() - this.#last >= TURN_MS / 2;
  }

  async turn(): Promise<void> {
    await macrotask();
    this.#last = performance.now();
  }
}
