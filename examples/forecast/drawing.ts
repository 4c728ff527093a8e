// The picture of a forecast: the test year with forecasts three days ahead, and the error by days ahead.
import type { PlotSpec } from "../shared/plot.ts";
import { HORIZON } from "./weather.ts";

/** Forecasts by name, each [windows][HORIZON], in degrees. */
export type Forecasts = Readonly<Record<string, readonly (readonly number[])[]>>;

const SHOWN = 3; // days ahead in the upper picture

export function meanError(
  forecast: readonly (readonly number[])[],
  truth: readonly (readonly number[])[],
): number {
  const errors = truth.flatMap((row, i) => row.map((value, k) => Math.abs(value - forecast[i][k])));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

export function drawForecast(
  dates: readonly string[],
  truth: readonly (readonly number[])[],
  forecasts: Forecasts,
): PlotSpec {
  const day = (date: string): string =>
    new Date(Date.parse(date) + (SHOWN - 1) * 86_400_000).toISOString().slice(0, 10);
  const year = ["observed", "LSTM"].flatMap((name) =>
    (name === "observed" ? truth : forecasts[name]).map((row, i) => ({
      date: day(dates[i]),
      degrees: row[SHOWN - 1],
      name,
    })),
  );
  const errors = Object.entries(forecasts).flatMap(([name, rows]) =>
    Array.from({ length: HORIZON }, (_, k) => ({
      name,
      ahead: k + 1,
      error: meanError(
        rows.map((row) => [row[k]]),
        truth.map((row) => [row[k]]),
      ),
    })),
  );
  const names = Object.keys(forecasts);
  return {
    vconcat: [
      {
        title: `Daily highs in Seattle: forecast ${String(SHOWN)} days ahead`,
        width: 620,
        height: 220,
        data: { values: year },
        mark: { type: "line", strokeWidth: 1.2 },
        encoding: {
          x: { field: "date", type: "temporal", title: null },
          y: { field: "degrees", type: "quantitative", title: "°C" },
          color: { field: "name", type: "nominal", title: null, sort: ["observed", "LSTM"] },
        },
      },
      {
        title: "Mean absolute error by days ahead",
        width: 620,
        height: 180,
        data: { values: errors },
        mark: { type: "line", point: true },
        encoding: {
          x: { field: "ahead", type: "ordinal", title: "days ahead", axis: { labelAngle: 0 } },
          y: { field: "error", type: "quantitative", title: "°C" },
          color: { field: "name", type: "nominal", title: null, sort: names },
        },
      },
    ],
    resolve: { scale: { color: "independent" } },
  };
}
