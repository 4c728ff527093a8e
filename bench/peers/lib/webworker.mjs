// Gives Node the two browser globals jax-js looks for (Worker, navigator.hardwareConcurrency), backed by worker_threads,
// so that its multi-threaded WASM path can be measured. jax-js itself has no Node thread support.
import { Worker as NodeWorker } from "node:worker_threads";
const PRELUDE = `const { parentPort } = require('node:worker_threads');
globalThis.self = globalThis; globalThis.postMessage = (m) => parentPort.postMessage(m);
parentPort.on('message', (data) => self.onmessage({ data }));
`;
export function install(threads) {
  const sources = new Map();
  let n = 0;
  const RealBlob = globalThis.Blob;
  globalThis.Blob = class extends RealBlob {
    constructor(parts, o) {
      super(parts, o);
      this.text0 = parts.join("");
    }
  };
  const create = URL.createObjectURL,
    revoke = URL.revokeObjectURL;
  URL.createObjectURL = (b) => {
    if (b.text0 === undefined) return create(b);
    const u = `mem:${n++}`;
    sources.set(u, b.text0);
    return u;
  };
  URL.revokeObjectURL = (u) => {
    if (!sources.delete(u)) revoke(u);
  };
  globalThis.Worker = class {
    constructor(url) {
      this.w = new NodeWorker(PRELUDE + sources.get(url), { eval: true });
      this.w.on("message", (data) => this.onmessage?.({ data }));
      this.w.on("error", (e) => this.onerror?.(e));
    }
    postMessage(m) {
      this.w.postMessage(m);
    }
  };
  Object.defineProperty(globalThis, "navigator", {
    value: { hardwareConcurrency: threads },
    configurable: true,
  });
}
