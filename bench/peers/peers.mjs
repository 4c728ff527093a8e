// Registry of peers. To add one, write adapters/<name>.mjs and add a line here; an adapter that lies elsewhere may be named by the
// environment: ADAPTERS='name=PATH other=PATH:variant'.
// An adapter's default export is async (variant) => { info(), kernel?(spec), trainer?(work, tricks), forward?(work, tricks), leak?(work), tricks? }
// kernel -> { run(), fetch() }   trainer/forward -> { step(i) -> loss | [losses] }   (any of them may be async)
import path from "node:path";
import { pathToFileURL } from "node:url";
import { TINY, WORKS } from "./lib/spec.mjs";

const EVERYTHING = ["kernels", ...WORKS, "fwd:mlp", "fwd:lenet", "fwd:lstm", "fwd:gpt", ...TINY, "leak"];

export const PEERS = {
  neurite: { adapter: "./neurite.mjs", variant: "", pkgs: [], fwd: true, works: EVERYTHING },
  "neurite-mt": { adapter: "./neurite.mjs", variant: "mt", pkgs: [], fwd: true, works: EVERYTHING },
  "tfjs-cpu": { adapter: "./adapters/tfjs.mjs", variant: "cpu", pkgs: ["@tensorflow/tfjs"] },
  "tfjs-wasm": {
    adapter: "./adapters/tfjs.mjs",
    variant: "wasm",
    pkgs: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"],
  },
  "tfjs-wasm-mt": {
    adapter: "./adapters/tfjs.mjs",
    variant: "wasm-mt",
    pkgs: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"],
  },
  "tfjs-wasm-tuned": {
    adapter: "./adapters/tfjs.mjs",
    variant: "wasm-tuned",
    pkgs: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"],
  }, // patched matmul
  "jax-wasm": { adapter: "./adapters/jax.mjs", variant: "wasm", pkgs: ["@jax-js/jax"] },
  "jax-wasm-mt": { adapter: "./adapters/jax.mjs", variant: "wasm-mt", pkgs: ["@jax-js/jax"] },
  "jax-cpu": { adapter: "./adapters/jax.mjs", variant: "cpu", pkgs: ["@jax-js/jax"], works: ["xor"] }, // interpreter, for debugging only
  "js-pytorch": { adapter: "./adapters/jspytorch.mjs", variant: "", pkgs: ["js-pytorch"] },
  convnetjs: { adapter: "./adapters/convnet.mjs", variant: "", pkgs: ["convnetjs"] },
  "brain.js": { adapter: "./adapters/brain.mjs", variant: "", pkgs: ["brain.js"] },
  "ort-web": { adapter: "./adapters/ort.mjs", variant: "web", pkgs: ["onnxruntime-web"], infer: true },
  "ort-web-mt": { adapter: "./adapters/ort.mjs", variant: "web-mt", pkgs: ["onnxruntime-web"], infer: true },
  "ort-node": { adapter: "./adapters/ort.mjs", variant: "node", pkgs: ["onnxruntime-node"], infer: true },
  "ort-node-mt": {
    adapter: "./adapters/ort.mjs",
    variant: "node-mt",
    pkgs: ["onnxruntime-node"],
    infer: true,
  },
};
// PyTorch, a native peer: the whole measurement runs in Python (torch/bench.py); the binary is $PYTHON_TORCH, else python3.
const native = {
  native: true,
  fwd: true,
  pkgs: [],
  works: ["kernels", ...WORKS, "fwd:mlp", "fwd:lenet", "fwd:lstm", "fwd:gpt", ...TINY],
};
PEERS.torch = { ...native, variant: "" };
PEERS["torch-mt"] = { ...native, variant: "mt" };
PEERS["torch-fused"] = {
  ...native,
  variant: "fused",
  works: [...WORKS, ...TINY.filter((w) => !w.startsWith("fwd:"))],
}; // optimizer with fused=True, 1 thread
for (const entry of (process.env.ADAPTERS ?? "").split(/\s+/).filter(Boolean)) {
  const [, name, file, variant = ""] = entry.match(/^([^=]+)=([^:]+)(?::(.*))?$/) ?? [];
  if (!name) throw new Error(`ADAPTERS: "${entry}" is not name=path[:variant]`);
  PEERS[name] = { adapter: pathToFileURL(path.resolve(file)).href, variant, pkgs: [] };
}
