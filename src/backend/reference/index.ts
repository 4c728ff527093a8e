// The reference backend: every kernel written as its definition says, in JavaScript doubles that round when stored. It
// is slow, exact, computes float64 too, and is what the other backends are tested against.
import { bufferArray, DTYPES } from "../../core/dtype.ts";
import type { Device } from "../device.ts";
import type { Kernels } from "../kernels.ts";
import { conv } from "./conv.ts";
import { factorize } from "./factorize.ts";
import { elementwise } from "./elementwise.ts";
import { fused } from "./fused.ts";
import { indexing } from "./indexing.ts";
import { matmul } from "./matmul.ts";
import { arrayIn, Books, ReferenceStorage } from "./memory.ts";
import { optimizers } from "./optimizers.ts";
import { ordering } from "./ordering.ts";
import { maxPool } from "./pool.ts";
import { random } from "./random.ts";
import { reduce } from "./reduce.ts";
import { scan } from "./scan.ts";

const kernels: Kernels = {
  ...elementwise,
  ...reduce,
  ...scan,
  ...ordering,
  matmul,
  factorize,
  ...indexing,
  ...conv,
  maxPool,
  ...random,
  ...optimizers,
  fused,
};

export function createReferenceDevice(): Device {
  const books = new Books();
  const device: Device = {
    name: "reference",
    kernels,
    dtypes: DTYPES,
    computes: ["float32", "float64"],
    // JavaScript memory is always resident, so there is nothing to open or protect.
    beginOp: () => undefined,
    makePersistent: () => undefined,
    allocate: (_op, dtype, length) => new ReferenceStorage(device, books, dtype, bufferArray(dtype, length)),
    upload: (_op, dtype, data) => new ReferenceStorage(device, books, dtype, data.slice()),
    download: (_op, storage, start, length) => arrayIn(storage).slice(start, start + length),
    memory: () => books.report(),
    resetPeak: () => {
      books.resetPeak();
    },
  };
  return device;
}
