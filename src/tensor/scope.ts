// Scopes own handles: what is made inside one is released when it closes, except what it hands out. They nest like
// function calls. A scope cannot reach over an await (other code would run inside it); scope.run serves that case.
import { NeuriteError } from "../core/errors.ts";
import type { Tensor } from "./tensor.ts";

/** A scope misused: closed out of order, or opened around asynchronous code. */
export class ScopeError extends NeuriteError {
  override readonly name = "ScopeError";
}

let current: Scope | null = null;
let count = 0;

const NONE: readonly never[] = [];

export const currentScope = (): Scope | null => current;

// Symbol.dispose is missing before Node 18.18 and in Safari; classes below need it when their bodies run.
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for("Symbol.dispose");

export interface ScopeOptions {
  /**
   * Not opened where it is made: it owns only what `run` makes, and may be closed at any time. For tasks that take turns
   * across awaits.
   */
  readonly detached?: boolean;
}

/**
 * Owns the tensors made while it is open. `using s = new Scope("step")` closes it at the end of the block.
 *
 * Source of the idea: TensorFlow.js' `tidy`.
 */
export class Scope {
  readonly name: string;
  readonly #parent: Scope | null;
  readonly #detached: boolean;
  #handles: Tensor[] = [];
  #open = true;
  #running = 0;

  constructor(name?: string, options?: ScopeOptions) {
    const detached = options?.detached === true;
    count++;
    this.name = name ?? `scope ${String(count)}`;
    this.#detached = detached;
    this.#parent = detached ? null : current;
    if (!detached) current = this;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  adopt(tensor: Tensor): void {
    tensor.scope = this;
    tensor.scopeIndex = this.#handles.length;
    this.#handles.push(tensor);
  }

  /** Forgets a tensor without releasing it. */
  disown(tensor: Tensor): void {
    const last = this.#handles.pop()!;
    if (last !== tensor) {
      this.#handles[tensor.scopeIndex] = last;
      last.scopeIndex = tensor.scopeIndex;
    }
    tensor.scope = null;
  }

  /** Runs `fn` inside this scope for its synchronous part; for tasks that take turns across awaits. */
  run<T>(fn: () => T): T {
    if (!this.#open)
      throw new ScopeError("scope.run", `the scope must be open; got "${this.name}", already closed.`);
    const outer = current;
    current = this;
    this.#running++;
    try {
      return fn();
    } finally {
      this.#running--;
      current = outer;
    }
  }

  /** Releases everything but `keep`, which goes to the scope around this one. */
  close(keep: readonly (Tensor | null)[] = NONE): void {
    if (!this.#open) return;
    this.#leave();
    for (let i = 0; i < keep.length; i++) {
      const tensor = keep[i];
      if (tensor !== null) this.#handOut(tensor);
    }
    const handles = this.#handles;
    for (let i = 0; i < handles.length; i++) {
      handles[i].scope = null;
      handles[i].release(this.name);
    }
    this.#handles = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #leave(): void {
    if (this.#running > 0) {
      throw new ScopeError("scope", `a scope must not close inside its own run(); got "${this.name}".`);
    }
    if (this.#detached) {
      this.#open = false;
      return;
    }
    if (current !== this) {
      const top = current === null ? "none" : `"${current.name}"`;
      throw new ScopeError(
        "scope",
        `scopes must close in reverse order of opening; got "${this.name}" closing while ${top} is innermost. ` +
          "Do not hold a scope across await; for concurrent tasks use new Scope(name, { detached: true }) and its run(fn).",
      );
    }
    this.#open = false;
    current = this.#parent;
  }

  /** After an error: also closes what was opened inside this scope and left open, so that the error itself comes out. */
  abandon(): void {
    while (current !== null && current !== this && this.#open && current.#isInside(this)) current.close();
    this.close();
  }

  #isInside(outer: Scope): boolean {
    for (let scope = this.#parent; scope !== null; scope = scope.#parent) if (scope === outer) return true;
    return false;
  }

  #handOut(tensor: Tensor): void {
    if (tensor.scope !== this) return;
    this.disown(tensor);
    this.#parent?.adopt(tensor);
  }
}

// A promise is refused by type where TypeScript can see it, and at run time everywhere.
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/**
 * Runs `fn` and releases every tensor made inside, except those that its result holds (at any depth of plain arrays,
 * objects and maps).
 *
 * @throws ScopeError when `fn` returns a promise.
 */
export function scope<T>(fn: () => Synchronous<T>): T;
export function scope<T>(name: string, fn: () => Synchronous<T>): T;
export function scope<T>(nameOrFn: string | (() => T), maybeFn?: () => T): T {
  const [name, fn] = typeof nameOrFn === "string" ? [nameOrFn, maybeFn!] : [undefined, nameOrFn];
  const opened = new Scope(name);
  return closing(opened, () => {
    const result = fn();
    if (typeof (result as { then?: unknown } | null | undefined)?.then === "function")
      refuseAsync(opened.name);
    return [result, collectTensors(result)];
  });
}

// Runs `fn`, which says what it hands out, and closes the scope whichever way it ends.
function closing<T>(opened: Scope, fn: () => readonly [result: T, keep: readonly Tensor[]]): T {
  let outcome: readonly [T, readonly Tensor[]];
  try {
    outcome = fn();
  } catch (error) {
    opened.abandon();
    throw error;
  }
  opened.close(outcome[1]);
  return outcome[0];
}

/** A scope around an op made of ops: frees its temporaries, also when one of them throws, and hands out the result. */
export function composite<T extends Tensor>(name: string, fn: () => T): T {
  const opened = new Scope(name);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    opened.abandon();
    throw error;
  }
  opened.close([result]);
  return result;
}

function refuseAsync(name: string): never {
  throw new ScopeError(
    "scope",
    `the function must be synchronous; got one that returned a promise (scope "${name}"). ` +
      "Await outside, or use new Scope(name, { detached: true }) with run(fn) for the synchronous parts.",
  );
}

/** Takes a tensor out of every scope: from now on it lives until `dispose()`. */
export function keep<T extends Tensor>(tensor: T): T {
  tensor.assertAlive("keep");
  tensor.scope?.disown(tensor);
  return tensor;
}

// Tensors are told by their brand, since this file must not import their class.
const isTensor = (value: object): value is Tensor => "scopeIndex" in value;

/** All tensors that plain containers hold: what a scope's result hands out. */
export function collectTensors(value: unknown): readonly Tensor[] {
  if (typeof value !== "object" || value === null) return NONE;
  if (isTensor(value)) return [value];
  const found: Tensor[] = [];
  collectFrom(value, found, new Set());
  return found;
}

function collectFrom(value: unknown, found: Tensor[], seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (isTensor(value)) found.push(value);
  else if (Array.isArray(value)) for (const item of value) collectFrom(item, found, seen);
  else if (value instanceof Map) for (const item of value.values()) collectFrom(item, found, seen);
  else if (value instanceof Set) for (const item of value) collectFrom(item, found, seen);
  else if (isPlain(value)) for (const item of Object.values(value)) collectFrom(item, found, seen);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
