// Modules and parameters in lists and tables: places to keep them, with keys as in PyTorch and no forward of their own.
import { IndexError, ValueError } from "../core/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import type { Slot } from "./module.ts";
import { isParameter, parameter } from "./parameter.ts";

abstract class Collection extends Module {
  /** @throws ValueError: a collection computes nothing; call what it holds. */
  override forward(): never {
    throw new ValueError(
      this.moduleName,
      "forward must be called on what it holds; got a call of the collection itself.",
    );
  }
}

function at<T>(op: string, items: readonly T[], index: number): T {
  const item = items.at(index);
  if (item !== undefined && Number.isInteger(index)) return item;
  throw new IndexError(op, `the index must lie within ${String(items.length)} items; got ${String(index)}.`);
}

/** A list of modules, with keys 0., 1., ... below its own. */
export class ModuleList<M extends Module = Module> extends Collection implements Iterable<M> {
  readonly items: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    this.items = [...modules];
  }

  override get moduleName(): string {
    return "ModuleList";
  }

  get length(): number {
    return this.items.length;
  }

  /** The module at an index, counted from the end where it is negative. */
  get(index: number): M {
    return at("ModuleList", this.items, index);
  }

  append(...modules: readonly M[]): this {
    this.items.push(...modules);
    return this;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.items[Symbol.iterator]();
  }

  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, module] of this.items.entries()) yield [String(i), module];
  }
}

/** Modules by name; the names are keys as they stand. */
export class ModuleDict<M extends Module = Module> extends Collection implements Iterable<[string, M]> {
  readonly items: Map<string, M>;

  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super();
    this.items = new Map(Symbol.iterator in modules ? modules : Object.entries(modules));
    for (const key of this.items.keys()) requireKey(key);
  }

  override get moduleName(): string {
    return "ModuleDict";
  }

  get length(): number {
    return this.items.size;
  }

  has(key: string): boolean {
    return this.items.has(key);
  }

  /** @throws IndexError where there is no such name. */
  get(key: string): M {
    const module = this.items.get(key);
    if (module) return module;
    const known = [...this.items.keys()].join(", ");
    throw new IndexError("ModuleDict", `the name must be one of ${known}; got ${JSON.stringify(key)}.`);
  }

  set(key: string, module: M): this {
    this.items.set(requireKey(key), module);
    return this;
  }

  keys(): string[] {
    return [...this.items.keys()];
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.items[Symbol.iterator]();
  }

  override *namedChildren(): Generator<[string, Module]> {
    yield* this.items;
  }
}

function requireKey(key: string): string {
  if (key !== "" && !key.includes(".")) return key;
  throw new ValueError("ModuleDict", `names must not be empty or hold a dot; got ${JSON.stringify(key)}.`);
}

/** A list of parameters, with keys 0, 1, ... below its own; tensors that are none yet are made ones. */
export class ParameterList extends Collection implements Iterable<Tensor> {
  readonly items: Tensor[];

  constructor(tensors: Iterable<Tensor> = []) {
    super();
    this.items = Array.from(tensors, asParameter);
  }

  override get moduleName(): string {
    return "ParameterList";
  }

  get length(): number {
    return this.items.length;
  }

  /** The parameter at an index, counted from the end where it is negative. */
  get(index: number): Tensor {
    return at("ParameterList", this.items, index);
  }

  append(...tensors: readonly Tensor[]): this {
    this.items.push(...tensors.map(asParameter));
    return this;
  }

  [Symbol.iterator](): IterableIterator<Tensor> {
    return this.items[Symbol.iterator]();
  }

  override ownTensors(): Slot[] {
    return this.items.map((tensor, i) => ({
      key: String(i),
      tensor,
      replace: (other: Tensor): void => {
        this.items[i] = other;
      },
    }));
  }
}

const asParameter = (x: Tensor): Tensor => (isParameter(x) ? x : parameter(x));
