// What the bench's TypeScript uses of spec.mjs.
export interface Batch {
  readonly x: Float32Array | Int32Array;
  readonly y?: Float32Array | Int32Array;
}

export interface Work {
  readonly name: string;
  readonly opt: { readonly kind: "sgd" | "adam"; readonly lr: number };
  readonly batches: readonly Batch[];
  readonly nBatch: number;
}

export declare function work(name: string): Work;
