// A program that lets workers take part and then simply ends; run by threads.test.ts.
import { lookupDevice } from "../../src/backend/device.ts";
import type { WasmDevice } from "../../src/backend/wasm/device.ts";
import { init, matmul, ones, scope } from "../../src/index.ts";

await init({ threads: 3 });
const { pool } = lookupDevice("test", "wasm") as WasmDevice;
const x = ones([400, 400]);
const stop = Date.now() + 10_000;
// Without a return to the event loop: workers start beside a busy main thread.
while (pool!.taken === 0 && Date.now() < stop) scope(() => void matmul(x, x));
console.log(pool!.taken > 0 ? "a worker took part" : "no worker took part");
