// What small models cost: a training step of the XOR network, and one step of a policy from a host array to two numbers.
// Their kernels take a microsecond; the rest is the library's own.
import { linear, memory, mseLoss, noGrad, scope, sigmoid, tanh, tensor } from "neurite";
import type { Tensor } from "neurite";
import { parameter } from "neurite/nn";
import { SGD } from "neurite/optim";
import { interleave } from "./interleave.ts";
import type { Timing } from "./interleave.ts";
import { formatTime } from "./report.ts";
import type { Suite } from "./suite.ts";
import { randomFloats } from "./verify.ts";

/** [in, out] of each layer; weights as layers keep them, [out, in]. */
function layers(sizes: readonly (readonly [number, number])[], trained: boolean): Tensor[] {
  return sizes.flatMap(([from, to], i) => {
    const weight = tensor(randomFloats(from * to, i + 1), { shape: [to, from] });
    const bias = tensor(randomFloats(to, i + 11), { shape: [to] });
    return trained ? [parameter(weight), parameter(bias)] : [weight, bias];
  });
}

const XOR_LAYERS = [
  [2, 8],
  [8, 1],
] as const;
const POLICY_LAYERS = [
  [4, 16],
  [16, 16],
  [16, 2],
] as const;

/** Batches of four, tanh, sigmoid, squared error, plain SGD; returns the loss. */
export function xorStep(): { readonly step: () => number; readonly dispose: () => void } {
  const [w1, b1, w2, b2] = layers(XOR_LAYERS, true);
  const optimizer = new SGD([w1, b1, w2, b2], { lr: 0.5 });
  const [inputs, targets] = [Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), Float32Array.of(0, 1, 1, 0)];
  const step = (): number =>
    scope(() => {
      const x = tensor(inputs, { shape: [4, 2] });
      const y = tensor(targets, { shape: [4, 1] });
      const out = sigmoid(linear(tanh(linear(x, w1, b1)), w2, b2));
      const loss = mseLoss(out, y);
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss.itemSync();
    });
  return {
    step,
    dispose: () => {
      optimizer.dispose();
      for (const t of [w1, b1, w2, b2]) t.dispose();
    },
  };
}

/** Observation in, both outputs out; no graph. */
export function policyStep(): {
  readonly step: (observation: Float32Array) => number;
  readonly dispose: () => void;
} {
  const weights = layers(POLICY_LAYERS, false);
  const [w1, b1, w2, b2, w3, b3] = weights;
  const forward = (observation: Float32Array): number =>
    scope(() => {
      const x = tensor(observation, { shape: [1, 4] });
      const y = linear(tanh(linear(tanh(linear(x, w1, b1)), w2, b2)), w3, b3);
      const [left, right] = y.dataSync();
      return left + right;
    });
  return {
    step: (observation) => noGrad(() => forward(observation)),
    dispose: () => {
      for (const t of weights) t.dispose();
    },
  };
}
const STEPS = 64;
/** A budget a step: a twelfth of the best other JavaScript library's xor, an eighth of PyTorch's policy. */
const XOR_BAR_MS = 13e-3;
const POLICY_BAR_MS = 3.4e-3;

const perStep = (timing: Timing): Timing => ({
  ...timing,
  samples: timing.samples.map((ms) => ms / STEPS),
  best: timing.best / STEPS,
  median: timing.median / STEPS,
});

function repeated(step: () => number): () => void {
  return () => {
    let total = 0;
    for (let i = 0; i < STEPS; i++) total += step();
    if (!Number.isFinite(total)) throw new Error("small: results must be finite");
  };
}

const inUse = (): string => JSON.stringify({ ...memory(), peakBytes: 0, reservedBytes: 0 });

export const small: Suite = {
  name: "small",
  about: "small models: an XOR training step, a policy step from host to host",
  run({ report, pace }) {
    const xor = xorStep();
    const policy = policyStep();
    const first = xor.step();
    const before = inUse();
    const observation = randomFloats(4, 5);
    const cases = [
      { name: "xor training step", call: repeated(xor.step) },
      { name: "policy 4-16-16-2, batch 1", call: repeated(() => policy.step(observation)) },
    ];
    const [xorTiming, policyTiming] = interleave(cases, {
      ...pace,
      warmupMs: Math.max(pace.warmupMs, 300),
    }).map(perStep);
    if (!(xor.step() < first / 2)) throw new Error("small: the loss of xor must fall");
    if (inUse() !== before) throw new Error(`small: memory must stay at ${before}; got ${inUse()}`);
    report.section("small models, a step");
    for (const timing of [xorTiming, policyTiming]) {
      report.row({ label: timing.name, timing, rate: { value: 1e-3 / timing.best, unit: "M/s" } });
    }
    report.gate("xor training step, best", xorTiming.best, XOR_BAR_MS, formatTime, true);
    report.gate("policy step, best", policyTiming.best, POLICY_BAR_MS, formatTime, true);
    xor.dispose();
    policy.dispose();
  },
};
