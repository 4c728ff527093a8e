// What the bench's TypeScript uses of neurite-models.mjs.
import type { Tensor } from "neurite";
import type { Module } from "neurite/nn";
import type { Batch, Work } from "./lib/spec.mjs";

export declare function buildModel(work: Work): { model: Module; loss: (batch: Batch) => Tensor };

export declare function buildGan(work: Work): {
  generator: Module;
  discriminator: Module;
  lossD: (batch: Batch) => Tensor;
  lossG: (batch: Batch) => Tensor;
};
