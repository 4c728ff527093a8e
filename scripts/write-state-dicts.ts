// Writes the state of a layer of each kind into a folder, for scripts/state_dicts.py to load into PyTorch.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { init, manualSeed } from "../src/index.ts";
import { saveWeights } from "../src/io/index.ts";
import { stateLayers } from "../test/io/state-layers.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node --import tsx scripts/write-state-dicts.ts FOLDER");
mkdirSync(folder, { recursive: true });
await init();
manualSeed(11);
for (const [name, make] of Object.entries(stateLayers))
  await saveWeights(join(folder, `${name}.safetensors`), make());
