// npm run bench:plots -- RESULT.json FOLDER: draws what `npm run bench -- --json RESULT.json` found of the suites roofline,
// scaling and threads as SVG files, with the examples' packages.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writePlot } from "../examples/shared/plot.ts";
import type { PlotSpec } from "../examples/shared/plot.ts";
import type { Row, Section, SuiteReport } from "./report.ts";

/** The part of the file that is drawn. */
interface Result {
  readonly suites: readonly SuiteReport[];
}

const WIDTH = 620;

/** Which way a label runs from its point; those of points that lie close together go apart. */
type Way = "right" | "up" | "down";

const WAYS: Readonly<Record<Way, object>> = {
  right: { dx: 7, align: "left", baseline: "middle" },
  up: { dx: 6, align: "left", baseline: "middle", angle: 310 },
  down: { dx: 6, align: "left", baseline: "middle", angle: 50 },
};

const wayOf = (label: string): Way => {
  if (/^(matmul (64|256|1024)|conv (16|32).*|softmax 64K|matmul 64 x .*|.* backward)$/.test(label))
    return "up";
  return /^(conv|LSTM|attention T 512|softmax 2M)/.test(label) ? "down" : "right";
};

/** A line "bytes a second x operations per byte" up to where it meets the peak, and the peak from there on. */
function roofline(sections: readonly Section[]): PlotSpec {
  const [ceilings, ...families] = sections;
  const domain = [0.05, 700];
  const peak = Math.max(...families.map(({ rows }) => rows[0].rate!.value));
  const levels = ["first-level cache", "second-level cache", "third-level cache", "memory"];
  const roofs = ceilings.rows.map(({ rate }, i) => ({ level: levels[i], perSecond: rate!.value }));
  const lines = roofs.flatMap(({ level, perSecond }) =>
    [domain[0], peak / perSecond].map((x) => ({ x, y: x * perSecond, level })),
  );
  const top = [peak / roofs[0].perSecond, domain[1]].map((x) => ({ x, y: peak, level: "peak" }));
  const names = roofs.map(({ level, perSecond }) => ({
    ...{ x: domain[0] * 1.1, y: domain[0] * 1.1 * perSecond },
    text: `${level}, ${perSecond.toFixed(0)} GB/s`,
  }));
  const points = families.flatMap(({ title, rows }) =>
    rows.slice(1).map(({ label, x, rate }) => ({ family: title, label, x, y: rate!.value })),
  );
  const axis = (field: string, domain: readonly number[], title: string, values: readonly number[]) => ({
    ...{ field, type: "quantitative", title, axis: { values } },
    scale: { type: "log", domain, nice: false },
  });
  const position = {
    x: axis("x", domain, "operations per byte that has to move", [0.1, 1, 10, 100]),
    y: axis("y", [0.5, 300], "10^9 operations a second", [1, 2, 5, 10, 20, 50, 100]),
  };
  const labels = (Object.keys(WAYS) as Way[]).map((way) => ({
    data: { values: points.filter(({ label }) => wayOf(label) === way) },
    mark: { type: "text", fontSize: 9, ...WAYS[way] },
    encoding: { ...position, text: { field: "label" } },
  }));
  return {
    title: "Operations a second under the roof, one thread",
    ...{ width: WIDTH, height: 430 },
    layer: [
      {
        data: { values: [...lines, ...top] },
        mark: { type: "line", color: "#999999", strokeWidth: 1 },
        encoding: { ...position, detail: { field: "level" } },
      },
      {
        data: { values: names },
        mark: {
          type: "text",
          align: "left",
          baseline: "bottom",
          dy: -3,
          fontSize: 9,
          color: "#777777",
          angle: 316,
        },
        encoding: { ...position, text: { field: "text" } },
      },
      {
        data: { values: points },
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: {
          ...position,
          color: { field: "family", type: "nominal", title: null, sort: families.map(({ title }) => title) },
        },
      },
      ...labels,
    ],
  };
}

/** The best time against the size, beside the straight line through the first point and the last; N on logarithmic axes. */
function growth({ title, axis, rows }: Section): PlotSpec {
  const cubic = axis === "N";
  const points = rows.filter(({ x }) => x !== undefined).map(({ x, timing }) => ({ x: x!, y: timing.best }));
  const [first, last] = [points[0], points.at(-1)!];
  const guide = cubic ? points.map(({ x }) => ({ x, y: last.y * (x / last.x) ** 3 })) : [first, last];
  const scale = cubic ? { type: "log", nice: false } : { type: "linear", zero: true };
  const values = points.map(({ x }) => x).filter((x) => cubic || x >= last.x / 10 || x === 1);
  const encoding = {
    x: { field: "x", type: "quantitative", scale, title: axis, axis: { values, format: "d" } },
    y: {
      ...{ field: "y", type: "quantitative", scale, title: "milliseconds" },
      axis: cubic ? { values: [0.01, 0.1, 1, 10, 100] } : { tickCount: 5 },
    },
  };
  return {
    ...{ title, width: WIDTH / 2 - 40, height: 170 },
    layer: [
      {
        data: { values: guide },
        mark: { type: "line", strokeDash: [4, 4], strokeWidth: 1, color: "#888888" },
        encoding,
      },
      { data: { values: points }, mark: { type: "line", point: true, strokeWidth: 1.5 }, encoding },
    ],
  };
}

const scaling = (sections: readonly Section[]): PlotSpec => ({
  title: "A training step, one thread; dashed: a straight line, and the third power for N",
  columns: 2,
  concat: sections.map(growth),
});

/** How many times faster each call of the suite is on several threads. */
function threads([{ rows }]: readonly Section[]): PlotSpec {
  const bars = rows
    .filter((row): row is Row & { share: NonNullable<Row["share"]> } => row.share !== undefined)
    .map(({ label, share }) => {
      const [, name, count] = /^(.*), (\d+)$/.exec(label)!;
      return { name, threads: count, times: share.best };
    });
  return {
    title: "Times as fast as one thread",
    ...{ width: WIDTH - 180, height: { step: 18 } },
    data: { values: bars },
    encoding: {
      y: { field: "name", type: "nominal", sort: null, title: null, axis: { labelLimit: 260 } },
      x: { field: "times", type: "quantitative", title: "times as fast, best of a run" },
    },
    layer: [
      {
        mark: "bar",
        encoding: { yOffset: { field: "threads" }, color: { field: "threads", title: "threads" } },
      },
      {
        mark: { type: "text", align: "left", dx: 3, fontSize: 9 },
        encoding: { yOffset: { field: "threads" }, text: { field: "times", format: ".2f" } },
      },
    ],
  };
}

const PLOTS: Readonly<Record<string, (sections: readonly Section[]) => PlotSpec>> = {
  ...{ roofline, scaling, threads },
};

const [file, folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: npm run bench:plots -- RESULT.json FOLDER\n");
  process.exit(2);
}
const { suites } = JSON.parse(readFileSync(file, "utf8")) as Result;
mkdirSync(folder, { recursive: true });
for (const { name, sections } of suites) {
  if (!(name in PLOTS) || sections.length === 0) continue;
  const path = join(folder, `${name}.svg`);
  await writePlot(path, {
    config: { aria: false, axis: { ticks: false, labelPadding: 4 } },
    ...PLOTS[name](sections),
  });
  process.stdout.write(`${path}\n`);
}
