// Forecasts a week of weather: `npm run example forecast`. Ends with the mean absolute error on a year that training never
// saw, of three seeds, beside those of two rules that need no training.
import { join } from "node:path";
import { l1Loss, noGrad, scope, tensor } from "neurite";
import { DataLoader } from "neurite/data";
import { AdamW } from "neurite/optim";
import { cosineSchedule } from "neurite/train";
import { writePlot } from "../shared/plot.ts";
import { print, runProgram } from "../shared/program.ts";
import { parameterCount, trainModel } from "../shared/training.ts";
import { drawForecast, meanError } from "./drawing.ts";
import { Forecasters, SEEDS } from "./forecasters.ts";
import { forecastProgram } from "./program.ts";
import { HORIZON, loadWeather } from "./weather.ts";
import type { Weather } from "./weather.ts";

await runProgram(forecastProgram, async (run) => {
  const { epochs, batchSize, window, hidden, lr, seed } = run.options;
  const weather = await loadWeather(window);
  const model = new Forecasters(seed, hidden);
  const [member] = model.members;
  print(
    `${String(SEEDS)} LstmForecasters of ${parameterCount(member)} parameters, seeds ${String(seed)} to ${String(seed + SEEDS - 1)}`,
  );
  print(
    `${String(weather.train.length)} training windows (2012-2014), ${String(weather.test.length)} test windows (2015)\n`,
  );
  const training = await trainModel(run, model, {
    trainData: new DataLoader(weather.train, { batchSize, shuffle: true, seed }),
    // Every seed against the same week.
    loss: (y, target) => l1Loss(y, target.reshape([-1, 1, HORIZON]).expand(y.shape)),
    optimizer: new AdamW(model.parameters(), { lr, weightDecay: 0.1 }),
    schedule: cosineSchedule(lr),
    clipGradNorm: 1,
    epochs,
    unit: "windows",
  });
  if (training === null) return null;
  const forecasts = forecastTest(model, weather);
  const { truth, persistence, seasonal, dates } = weather;
  const errors = forecasts.map((forecast) => meanError(forecast, truth));
  const rules = [meanError(persistence, truth), meanError(seasonal, truth)];
  const plot = join(run.mode.out, "forecast.svg");
  const shown = { LSTM: forecasts[0], "as yesterday": persistence, "as last year": seasonal };
  await writePlot(plot, drawForecast(dates, truth, shown));
  print(`picture in ${plot}\n`);
  const mean = errors.reduce((sum, error) => sum + error, 0) / SEEDS;
  const below = 100 * (1 - Math.max(...errors) / Math.min(...rules));
  return (
    `result: forecast mean absolute error ${mean.toFixed(3)} °C (seeds ${errors.map((error) => error.toFixed(3)).join(", ")}), ` +
    `persistence ${rules[0].toFixed(3)}, seasonal-naive ${rules[1].toFixed(3)}: the worst seed ${below.toFixed(1)} % below the better rule`
  );
});

/** The forecasts of each seed for the test year, in degrees: [seeds][windows][HORIZON]. */
function forecastTest(model: Forecasters, { test, degrees }: Weather): number[][][] {
  const indices = Array.from({ length: test.length }, (_, i) => i);
  const [x] = test.batch(indices);
  model.eval();
  return scope(() =>
    noGrad(() => {
      const input = tensor(x.data as Float32Array, { shape: x.shape });
      return model.members.map((member) => {
        const values = Array.from(member.forward(input).dataSync(), degrees);
        return indices.map((i) => values.slice(i * HORIZON, (i + 1) * HORIZON));
      });
    }),
  );
}
