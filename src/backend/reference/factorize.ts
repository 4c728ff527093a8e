// Decompositions of small matrices of the reference backend: the algorithms of core/matrices on its arrays.
import { overBatch } from "../../core/matrices/batch.ts";
import type { KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

export const factorize: KernelFamilies["factorize"] = (name, inputs, outputs, size) =>
  overBatch(name, inputs.map(elementsOf), outputs.map(elementsOf), size);
