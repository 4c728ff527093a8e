// Pictures as SVG files, drawn by Vega-Lite from the examples' own data packages.
import { writeFile } from "node:fs/promises";

/** A Vega-Lite specification; https://vega.github.io/vega-lite/docs/spec.html. */
export type PlotSpec = Readonly<Record<string, unknown>>;

// By names that the compiler does not follow: the packages lie in examples/node_modules, which need not be installed for
// the project's own checks.
const VEGA: string = "vega";
const VEGA_LITE: string = "vega-lite";

interface Vega {
  parse(spec: unknown): unknown;
  View: new (
    runtime: unknown,
    options: { renderer: "none" },
  ) => { toSVG(): Promise<string>; finalize(): void };
}

interface VegaLite {
  readonly compile: (spec: PlotSpec) => { spec: unknown };
}

/** Draws a specification into an SVG file. */
export async function writePlot(path: string, spec: PlotSpec): Promise<void> {
  const vega = (await import(VEGA)) as Vega;
  const { compile } = (await import(VEGA_LITE)) as VegaLite;
  const view = new vega.View(vega.parse(compile({ background: "white", ...spec }).spec), {
    renderer: "none",
  });
  await writeFile(path, await view.toSVG());
  view.finalize();
}

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Lines over common axes, named in a legend. */
export function linePlot(title: string, x: string, y: string, lines: readonly Line[], log = false): PlotSpec {
  return {
    title,
    width: 560,
    height: 300,
    data: { values: lines.flatMap(({ name, points }) => points.map((point) => ({ ...point, name }))) },
    mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: { field: "x", type: "quantitative", title: x },
      y: { field: "y", type: "quantitative", title: y, scale: { type: log ? "log" : "linear", zero: false } },
      color: { field: "name", type: "nominal", title: null, sort: lines.map(({ name }) => name) },
    },
  };
}

/** The training loss by step, and the validation loss after each epoch. */
export function lossPlot(
  title: string,
  unit: string,
  steps: number,
  {
    curve,
    history,
  }: {
    readonly curve: readonly number[];
    readonly history: readonly { readonly epoch: number; readonly valLoss?: number }[];
  },
): PlotSpec {
  const training = curve.map((loss, i) => ({ x: ((i + 0.5) * steps) / curve.length, y: loss }));
  const validation = history.flatMap(({ epoch, valLoss }) =>
    valLoss === undefined ? [] : [{ x: (epoch * steps) / history.length, y: valLoss }],
  );
  return linePlot(title, "step", unit, [
    { name: "training", points: training },
    { name: "validation", points: validation },
  ]);
}
