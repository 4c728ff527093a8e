// The control block: a few words of shared memory through which the main thread hands out ranges of work and the workers
// report. One job at a time lies in it; docs/architecture.md tells the protocol.

/** 4-byte words of a cache line: words that different threads write lie in lines of their own. */
const LINE = 16;

export const MAX_THREADS = 64;
export const MAX_ARGS = 24;
export const MESSAGE_LENGTH = 256;

/** Where things lie. Workers get it with their first message, since their source stands alone. */
export const layout = {
  /** Raised by one for each job, and to wake workers. */
  signal: 0,
  /** Workers asleep on `signal`. */
  sleeping: LINE,
  /** Chunks of this job that are finished. */
  done: 2 * LINE,
  /** 1 while the main thread sleeps on `done`. */
  waiting: 2 * LINE + 1,
  /** Workers that have started. */
  ready: 3 * LINE,
  /** 1 where a kernel trapped; `messageLength` and `message` say what it said. */
  failed: 3 * LINE + 1,
  messageLength: 3 * LINE + 2,
  /** 1 when the workers shall end. */
  closed: 3 * LINE + 3,
  /** The smallest result of a kernel that returns one, as an unsigned number: -1 is the largest. */
  result: 4 * LINE,
  /** Chunks taken by workers since the start, for tests and the bench. */
  taken: 4 * LINE + 1,
  // The job: written before its chunks can be claimed, unchanged until the last of them is done.
  kernel: 5 * LINE,
  argCount: 5 * LINE + 1,
  start: 5 * LINE + 2,
  end: 5 * LINE + 3,
  chunk: 5 * LINE + 4,
  /** Shares that the chunks are dealt to. */
  shares: 5 * LINE + 5,
  /** Threads that may take part. */
  allowed: 5 * LINE + 6,
  /** 1 where threads that have done their share help with others'. */
  stealing: 5 * LINE + 9,
  /** Which argument is the address of scratch memory, or -1; thread t adds t * `scratchStride`. */
  scratchAt: 5 * LINE + 7,
  scratchStride: 5 * LINE + 8,
  /** Share t at `firstShare + t * shareStep`: chunks left, then the number after its last chunk. */
  firstShare: 6 * LINE,
  shareStep: LINE,
  /** In bytes from here. */
  args: 4 * LINE * (6 + MAX_THREADS),
  message: 4 * LINE * (6 + MAX_THREADS) + 8 * MAX_ARGS,
} as const;

export type Layout = typeof layout;

export const CONTROL_BYTES = layout.message + 2 * MESSAGE_LENGTH;
