// tfjs 4.22 switches its threaded WASM build off in Node: the pthread worker is started from a blob: URL,
// which worker_threads refuses (ERR_WORKER_PATH), and the ES5 factory it ships to the worker refers to
// helper functions that are not in scope there. This shim hands out files in place of blobs and supplies
// the helpers. It changes nothing in node_modules. Call before tf.setBackend('wasm'); returns undo().
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const HELPERS = `
var __values = (o) => (o && o[Symbol.iterator] ? o[Symbol.iterator]() : Object.values(o)[Symbol.iterator]());
var __read = (o, n) => { const a = [...o]; return n === undefined ? a : a.slice(0, n); };
var __spreadArray = (to, from) => [...to, ...from];
var require$$0 = require('fs'), require$$1 = require('path'), require$$3 = require('perf_hooks'), require$$4 = require('os'), commonjsGlobal = globalThis;
var __assign = Object.assign, _scriptDir = undefined;
URL.createObjectURL = (o) => o.path; URL.revokeObjectURL = () => {};
`;

export function shim() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "tfjs-mt-"));
  const RealBlob = globalThis.Blob,
    realCreate = URL.createObjectURL;
  let n = 0;
  globalThis.Blob = class {
    constructor(parts) {
      this.path = path.join(dir, `part${n++}.js`);
      fs.writeFileSync(this.path, HELPERS + parts.join(""));
    }
  };
  URL.createObjectURL = (b) => b.path;
  // The C++ side starts at most cores/2 threads, so a 2-core machine would get one: report twice the cores while it starts.
  const realCpus = os.cpus;
  os.cpus = () => [...realCpus(), ...realCpus()];
  process.on("exit", () => fs.rmSync(dir, { recursive: true, force: true }));
  return () => {
    globalThis.Blob = RealBlob;
    URL.createObjectURL = realCreate;
    os.cpus = realCpus;
  };
}
