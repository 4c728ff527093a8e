// Seattle's daily weather, 2012 to 2015 (vega-datasets, from NOAA), as windows of days and the highs of the week behind.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ArrayDataset } from "neurite/data";
import { readCsv } from "neurite/io";

/** Days ahead. */
export const HORIZON = 7;
export const FEATURES = 6;

const TEST_YEAR = "2015";
const YEAR = 365;

export interface Weather {
  /** All windows whose forecast days lie before the test year. */
  readonly train: ArrayDataset;
  /** All windows whose forecast days lie in the test year. */
  readonly test: ArrayDataset;
  /** Of the test windows, in degrees Celsius: the true highs, and what two rules say; [windows][HORIZON]. */
  readonly truth: readonly (readonly number[])[];
  readonly persistence: readonly (readonly number[])[];
  readonly seasonal: readonly (readonly number[])[];
  /** The first forecast day of each test window. */
  readonly dates: readonly string[];
  /** From the network's units to degrees. */
  readonly degrees: (value: number) => number;
}

export async function loadWeather(window: number): Promise<Weather> {
  // The package names its main file alone, build/index.js; the tables lie beside its folder.
  const main = createRequire(import.meta.url).resolve("vega-datasets");
  const path = join(dirname(main), "..", "data", "seattle-weather.csv");
  const table = await readCsv(await readFile(path, "utf8"));
  const dates = table.rows.map(([date]) => date);
  const column = (name: string): number[] => Array.from(table.numbers([name]).data);
  const highs = column("temp_max");
  const firstTest = dates.findIndex((date) => date.startsWith(TEST_YEAR));
  // The scale of the training years alone.
  const standardise = (values: readonly number[]): { scaled: number[]; mean: number; deviation: number } => {
    const known = values.slice(0, firstTest);
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
    return { scaled: values.map((value) => (value - mean) / deviation), mean, deviation };
  };
  const high = standardise(highs);
  const angle = dates.map((date) => (2 * Math.PI * dayOfYear(date)) / YEAR);
  const features = [
    high.scaled,
    standardise(column("temp_min")).scaled,
    standardise(column("precipitation").map(Math.log1p)).scaled,
    standardise(column("wind")).scaled,
    angle.map(Math.sin),
    angle.map(Math.cos),
  ];
  /** Windows whose first forecast day is in start .. end. */
  const windows = (start: number, end: number): { days: number[]; data: ArrayDataset } => {
    const days = Array.from({ length: end - start }, (_, i) => start + i);
    const x = Float32Array.from(
      days.flatMap((day) =>
        Array.from({ length: window }, (_, t) => features.map((values) => values[day - window + t])).flat(),
      ),
    );
    const y = Float32Array.from(days.flatMap((day) => high.scaled.slice(day, day + HORIZON)));
    const fields = [
      { data: x, shape: [days.length, window, FEATURES] },
      { data: y, shape: [days.length, HORIZON] },
    ];
    return { days, data: new ArrayDataset(...fields) };
  };
  const train = windows(window, firstTest - HORIZON + 1);
  const test = windows(firstTest, dates.length - HORIZON + 1);
  const ahead = (rule: (day: number, k: number) => number): number[][] =>
    test.days.map((day) => Array.from({ length: HORIZON }, (_, k) => rule(day, k)));
  return {
    train: train.data,
    test: test.data,
    truth: ahead((day, k) => highs[day + k]),
    persistence: ahead((day) => highs[day - 1]),
    seasonal: ahead((day, k) => highs[day + k - YEAR]),
    dates: test.days.map((day) => dates[day]),
    degrees: (value) => value * high.deviation + high.mean,
  };
}

const dayOfYear = (date: string): number =>
  (Date.parse(date) - Date.parse(`${date.slice(0, 4)}-01-01`)) / 86_400_000;
