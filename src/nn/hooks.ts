// Functions that users hang on a module's forward. They wrap the forward of that one instance, so that a module without
// hooks costs nothing.
import type { Module } from "./module.ts";

/** Called before forward; a list that it returns takes the inputs' place. */
export type ForwardPreHook = (module: Module, inputs: readonly unknown[]) => unknown;

/** Called after forward; what it returns, unless undefined, takes the output's place. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;

type Forward = (...inputs: unknown[]) => unknown;

interface Hung {
  readonly before: Set<{ readonly call: ForwardPreHook }>;
  readonly after: Set<{ readonly call: ForwardHook }>;
  /** The instance's own forward field, where it had one. */
  readonly own: PropertyDescriptor | undefined;
}

const hung = new WeakMap<Module, Hung>();

export function hangBefore(module: Module, call: ForwardPreHook): () => void {
  const hooks = hooksOf(module);
  const entry = { call };
  hooks.before.add(entry);
  return () => {
    hooks.before.delete(entry);
    unwrapIfBare(module, hooks);
  };
}

export function hangAfter(module: Module, call: ForwardHook): () => void {
  const hooks = hooksOf(module);
  const entry = { call };
  hooks.after.add(entry);
  return () => {
    hooks.after.delete(entry);
    unwrapIfBare(module, hooks);
  };
}

function hooksOf(module: Module): Hung {
  const known = hung.get(module);
  if (known) return known;
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const fresh: Hung = { before: new Set(), after: new Set(), own };
  hung.set(module, fresh);
  // Each subclass has its own parameters; a hook passes on whatever came.
  const forward = (module as unknown as { forward: Forward }).forward;
  const value: Forward = (...given) => {
    let inputs: readonly unknown[] = given;
    for (const { call } of fresh.before) {
      const replaced = call(module, inputs);
      if (Array.isArray(replaced)) inputs = replaced;
    }
    let output = forward.apply(module, [...inputs]);
    for (const { call } of fresh.after) output = call(module, inputs, output) ?? output;
    return output;
  };
  // Not enumerable: a module's fields are what it is made of.
  Object.defineProperty(module, "forward", { value, configurable: true, writable: true });
  return fresh;
}

function unwrapIfBare(module: Module, { before, after, own }: Hung): void {
  // Taking off a hook twice must not take off what was hung up since.
  if (before.size + after.size > 0 || hung.get(module)?.before !== before) return;
  hung.delete(module);
  if (own) Object.defineProperty(module, "forward", own);
  // Uncovers the class's own method again.
  else delete (module as unknown as { forward?: Forward }).forward;
}
