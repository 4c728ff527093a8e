// Things that a test makes and that must be gone when it ends: setup.ts disposes of them, and then fails tests that
// leave tensors behind.

interface Disposable {
  dispose(): void;
}

const owned: Disposable[] = [];

/** Disposes of a model, optimizer or tensor when the test ends. */
export function own<T extends Disposable>(thing: T): T {
  owned.push(thing);
  return thing;
}

/** Disposes of everything that was owned; called after each test. */
export function disposeOwned(): void {
  for (const thing of owned.splice(0)) thing.dispose();
}
