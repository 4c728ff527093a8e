// A model as a table: its layers, what they put out for a given input, and their parameters.
import type { Shape } from "../core/shape.ts";
import { formatShape } from "../core/shape.ts";
import { zeros } from "../ops/creation.ts";
import { withRecording } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { hangAfter } from "./hooks.ts";
import type { Module } from "./module.ts";
import { isParameter } from "./parameter.ts";

const WIDTHS = [40, 24, 14] as const;

const isShape = (input: unknown): input is Shape =>
  Array.isArray(input) && input.every((size) => typeof size === "number");

/** The table, at most 80 columns wide; `inputs` are passed to forward, shapes as zeros. */
export function summarise(model: Module, inputs: readonly unknown[]): string {
  const shapes = new Map<Module, string>();
  const modules = [...model.namedModules()];
  const before = modules.map(([, module]) => module.training);
  const removers = modules.map(([, module]) =>
    hangAfter(module, (_, __, output) => {
      shapes.set(module, describe(output));
    }),
  );
  try {
    // Running statistics must not move.
    model.eval();
    const [like] = model.parameters();
    withRecording(false, () => {
      scope(() => {
        const given = inputs.map((input) =>
          isShape(input) ? zeros(input, like ? { device: like.device, dtype: like.dtype } : {}) : input,
        );
        (model as unknown as { forward: (...all: unknown[]) => unknown }).forward(...given);
      });
    });
  } finally {
    for (const remove of removers) remove();
    modules.forEach(([, module], i) => {
      module.training = before[i];
    });
  }
  return table(model, modules, shapes);
}

function table(model: Module, modules: [string, Module][], shapes: ReadonlyMap<Module, string>): string {
  const seen = new Set<Tensor>();
  const rows = modules.map(([key, module]) => {
    const depth = key === "" ? 0 : key.split(".").length;
    const name = key === "" ? module.moduleName : `${key.split(".").at(-1)!} (${module.moduleName})`;
    // A shared parameter counts where it comes first.
    const own = module.ownTensors().filter(({ tensor }) => isParameter(tensor) && !seen.has(tensor));
    let count = 0;
    for (const { tensor } of own) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      count += tensor.size;
    }
    return ["  ".repeat(depth) + name, shapes.get(module) ?? "-", count === 0 ? "" : grouped(count)];
  });
  const line = "-".repeat(WIDTHS[0] + WIDTHS[1] + WIDTHS[2]);
  const parameters = model.parameters();
  const count = (list: readonly Tensor[]): number => list.reduce((n, { size }) => n + size, 0);
  const trainable = count(parameters.filter(({ requiresGrad }) => requiresGrad));
  return [
    format(["Layer", "Output", "Parameters"]),
    line,
    ...rows.map(format),
    line,
    `${grouped(count(parameters))} parameters, ${grouped(trainable)} of them trainable`,
  ].join("\n");
}

const cut = (text: string, width: number): string =>
  text.length < width ? text : `${text.slice(0, width - 2)}… `;

const format = ([name, shape, count]: readonly string[]): string =>
  (
    cut(name, WIDTHS[0]).padEnd(WIDTHS[0]) +
    cut(shape, WIDTHS[1]).padEnd(WIDTHS[1]) +
    count.padStart(WIDTHS[2])
  ).trimEnd();

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

function describe(output: unknown): string {
  if (output instanceof Tensor) return formatShape(output.shape);
  if (Array.isArray(output)) return output.map(describe).join(" ");
  return typeof output === "object" && output !== null ? Object.values(output).map(describe).join(" ") : "-";
}
