// Things that a test makes and that must be gone when it ends: setup.ts fails tests that leave tensors behind.
import { afterEach } from "vitest";

interface Disposable {
  dispose(): void;
}

const owned: Disposable[] = [];

/** Disposes of a model, optimizer or tensor when the test ends. */
export function own<T extends Disposable>(thing: T): T {
  owned.push(thing);
  return thing;
}

// Hooks run last registered first, so this runs before the check of setup.ts.
afterEach(() => {
  for (const thing of owned.splice(0)) thing.dispose();
});
