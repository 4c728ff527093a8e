// Bundles the library for browsers, Node's built-ins banned, and trains a tiny network with it in a world that has only
// what a web page has: no process, no Buffer, no require. Run with --experimental-vm-modules.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { root } from "./files.ts";

const address = "https://example.test/assets/app.js";

/** What a page may use of Node's globals: these are the web's own, under the same names. */
const webGlobals = [
  ...["AbortController", "AbortSignal", "Blob", "BroadcastChannel", "DOMException", "Event", "EventTarget"],
  ...[
    "Headers",
    "MessageChannel",
    "MessageEvent",
    "MessagePort",
    "Request",
    "Response",
    "TextDecoder",
    "TextEncoder",
  ],
  ...["URL", "URLSearchParams", "atob", "btoa", "clearInterval", "clearTimeout", "crypto", "performance"],
  ...["queueMicrotask", "setInterval", "setTimeout", "structuredClone"],
];

interface Page {
  context: vm.Context;
  /** What the program printed. */
  printed: string[];
  /** Addresses asked for. */
  fetched: string[];
}

function openPage(isolated: boolean): Page {
  const printed: string[] = [];
  const fetched: string[] = [];
  const log = (...words: unknown[]): void => void printed.push(words.map(String).join(" "));
  const globals: Record<string, unknown> = {
    console: { log, warn: log, error: log, info: log },
    navigator: { hardwareConcurrency: 2, userAgent: "check-browser" },
    location: new URL("/", address),
    crossOriginIsolated: isolated,
  };
  // Looked up by name: the global object's type has no index signature.
  for (const name of webGlobals) globals[name] = (globalThis as unknown as Record<string, unknown>)[name];
  const context = vm.createContext(globals);
  vm.runInContext("globalThis.self = globalThis.window = globalThis;", context);
  // Pages that are not cross-origin isolated do not have the constructor.
  if (!isolated) vm.runInContext("delete globalThis.SharedArrayBuffer;", context);

  // Bytes must be of the page's own realm, as they are in a browser.
  const newBytes = vm.runInContext("(length) => new Uint8Array(length)", context) as (
    n: number,
  ) => Uint8Array;
  globals["fetch"] = (input: URL | string): Promise<unknown> => {
    const url = new URL(String(input), address);
    fetched.push(url.href);
    const name = /^https:\/\/example\.test\/assets\/(kernels(-relaxed)?\.wasm)$/.exec(url.href)?.[1];
    if (name === undefined) return Promise.resolve({ ok: false, status: 404, statusText: "Not Found" });
    const file = readFileSync(join(root, "dist", name));
    const bytes = newBytes(file.length);
    bytes.set(file);
    const headers = new Headers({ "content-type": "application/wasm" });
    return Promise.resolve({
      ok: true,
      status: 200,
      headers,
      url: url.href,
      arrayBuffer: () => Promise.resolve(bytes.buffer),
    });
  };
  return { context, printed, fetched };
}

const bundle = await build({
  entryPoints: [join(root, "examples/xor.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  // Without the paths of examples/tsconfig.json, which lead to the sources: what counts is dist/.
  tsconfigRaw: {},
  // Chunks that one entry imports only for their order have no effects: package.json says so, and esbuild drops them.
  logOverride: { "ignored-bare-import": "silent" },
  write: false,
  logLevel: "warning",
});
const code = bundle.outputFiles[0]?.text ?? "";

for (const isolated of [false, true]) {
  const page = openPage(isolated);
  const module = new vm.SourceTextModule(code, {
    context: page.context,
    identifier: address,
    initializeImportMeta: (meta) => {
      meta.url = address;
    },
    importModuleDynamically: (specifier) => {
      throw new Error(`the page asked to import "${specifier}"`);
    },
  });
  await module.link((specifier) => {
    throw new Error(`the bundle still imports "${specifier}"`);
  });
  await module.evaluate();
  const last = page.printed.at(-1) ?? "";
  if (page.fetched.length === 0) throw new Error("the page never fetched the kernels");
  if (!/^solved /.test(last)) throw new Error(`the page printed "${last}"`);
  const kind = isolated ? "cross-origin isolated" : "plain";
  console.log(`browser (${kind} page, ${(code.length / 1024).toFixed(0)} KiB): ${last}`);
}
