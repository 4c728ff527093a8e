// What the program of train.ts prints. Apart from it, for the test, which does not import the package.

export interface Outcome {
  /** The loss before the first step and after the last. */
  readonly first: number;
  readonly last: number;
  /** Whether the network with the weights that were read answers with the same bits. */
  readonly restored: boolean;
  /** What `backendInfo()` said. */
  readonly backend: {
    readonly backend: string;
    readonly build: string | null;
    readonly reason: string;
    readonly sharedMemory: boolean;
    readonly threads: number;
    readonly threadsReason: string;
  };
}

/** What the program of threads.ts prints. */
export interface ThreadsOutcome {
  readonly threads: number;
  /** How many of them started within ten seconds. */
  readonly ready: number;
  /** Whether all of them together and one alone gave the same bits. */
  readonly equal: boolean;
}
