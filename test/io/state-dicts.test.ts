// Weights that PyTorch wrote: they load into the layer of the same name, and come out again key by key and bit by bit.
// scripts/state_dicts.py wrote them, and checks the other direction.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { fileTensor, loadWeights, readFileBytes, readSafetensors, saveWeights } from "../../src/io/index.ts";
import type { FileTensor } from "../../src/io/index.ts";
import { own } from "../disposables.ts";
import { stateLayers } from "./state-layers.ts";

const folder = fileURLToPath(new URL("../fixtures/state-dicts/", import.meta.url));

const read = async (path: string): Promise<ReadonlyMap<string, FileTensor>> =>
  readSafetensors(await readFileBytes(path), path).tensors;

// Counters are int64 there and int32 here.
const asHere = (tensor: FileTensor): FileTensor =>
  tensor.dtype === "I64"
    ? fileTensor(Int32Array.from(new BigInt64Array(tensor.bytes.slice().buffer), Number), tensor.shape)
    : tensor;

const bitsOf = (tensors: ReadonlyMap<string, FileTensor>): Record<string, unknown> =>
  Object.fromEntries(
    [...tensors].map(([key, tensor]) => {
      const { dtype, shape, bytes } = asHere(tensor);
      return [key, { dtype, shape: [...shape], bytes: [...bytes] }];
    }),
  );

it("there is a layer for each file", async () => {
  const names = (await fs.readdir(folder)).map((file) => file.replace(".safetensors", ""));
  expect(names.sort()).toEqual(Object.keys(stateLayers).sort());
});

it.each(Object.entries(stateLayers))(
  "%s loads what PyTorch saved, and saves the same bits",
  async (name, make) => {
    const directory = await fs.mkdtemp(join(tmpdir(), "neurite-state-"));
    try {
      const layer = own(make());
      await loadWeights(join(folder, `${name}.safetensors`), layer);
      const path = join(directory, "ours.safetensors");
      await saveWeights(path, layer);
      const theirs = bitsOf(await read(join(folder, `${name}.safetensors`)));
      expect(Object.keys(theirs).length).toBeGreaterThan(0);
      expect(bitsOf(await read(path))).toEqual(theirs);
    } finally {
      await fs.rm(directory, { recursive: true });
    }
  },
);
