// Large products on all threads and on one.
import { backendInfo, init, manualSeed, matmul, randn, scope, setNumThreads } from "neurite";
import type { ThreadsOutcome } from "./outcome.js";

await init();
manualSeed(1);
const { threads } = backendInfo();
const [a, b] = [randn([300, 300]), randn([300, 300])];
const product = (): Float32Array => scope(() => matmul(a, b).dataSync()) as Float32Array;

const stop = Date.now() + 10_000;
while (backendInfo().threadsReady < threads && Date.now() < stop) {
  product();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
const ready = backendInfo().threadsReady;
const together: Float32Array[] = [];
for (let i = 0; i < 20; i++) together.push(product());
setNumThreads(1);
const alone = product();
const equal = together.every((values) => values.every((value, i) => Object.is(value, alone[i])));
const outcome: ThreadsOutcome = { threads, ready, equal };
console.log(`outcome ${JSON.stringify(outcome)}`);
