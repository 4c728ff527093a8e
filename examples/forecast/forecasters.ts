// Several forecasters that differ in their initial weights alone, trained side by side: how much of a result is chance.
import { manualSeed, stack } from "neurite";
import type { Tensor } from "neurite";
import { LstmForecaster } from "neurite/models";
import { Module } from "neurite/nn";
import { FEATURES, HORIZON } from "./weather.ts";

export const SEEDS = 3;

/** Windows [B, T, features] -> one forecast per seed [B, seeds, horizon]. */
export class Forecasters extends Module {
  readonly members: readonly LstmForecaster[];

  constructor(seed: number, hidden: number) {
    super();
    this.members = Array.from({ length: SEEDS }, (_, i) => {
      manualSeed(seed + i);
      return new LstmForecaster(FEATURES, HORIZON, { hidden });
    });
  }

  override forward(x: Tensor): Tensor {
    return stack(
      this.members.map((member) => member.forward(x)),
      1,
    );
  }
}
