// Test bodies that release what they make.
import { scope } from "../src/index.ts";

/** `it("...", scoped(() => { ... }))`: every tensor made inside is gone at the end. */
export const scoped =
  (body: () => void): (() => void) =>
  () => {
    scope("test", () => {
      body();
    });
  };

/** The same for each case of `it.each`. */
export const scopedEach =
  <A extends unknown[]>(body: (...args: A) => void): ((...args: A) => void) =>
  (...args) => {
    scope("test", () => {
      body(...args);
    });
  };
