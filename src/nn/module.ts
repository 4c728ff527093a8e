// The base of every layer and model. A module finds its parameters, buffers and children in its own fields: a tensor
// made by `parameter` is one, another tensor a buffer, a module (or an array of them) a child.
import type { Device } from "../backend/device.ts";
import type { DType } from "../core/dtype.ts";
import { isFloating } from "../core/dtype.ts";
import { FormatError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { to } from "../ops/creation.ts";
import { assign } from "../ops/assign.ts";
import { Tensor } from "../tensor/tensor.ts";
import { hangAfter, hangBefore } from "./hooks.ts";
import type { ForwardHook, ForwardPreHook } from "./hooks.ts";
import { stateKey } from "./names.ts";
import { isParameter, own, parameter } from "./parameter.ts";
import { summarise } from "./summary.ts";

/** Tensors by PyTorch's names, in the order of the fields. */
export type StateDict = Map<string, Tensor>;

/** What `loadStateDict` found amiss; both empty when all keys agreed. */
export interface LoadReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** A tensor of a module: its key, and how to put another in its place. */
export interface Slot {
  readonly key: string;
  readonly tensor: Tensor;
  readonly replace: (tensor: Tensor) => void;
}

type Fields = Record<string, unknown>;

export abstract class Module {
  /** Whether layers such as dropout behave as in training; set by `train()` and `eval()`. */
  training = true;

  /** What the module computes. */
  abstract forward(...inputs: never[]): unknown;

  /** The module's name in printouts; survives minifiers that rename classes. */
  get moduleName(): string {
    return this.constructor.name;
  }

  /** Constructor arguments worth showing in printouts. */
  protected describe(): string {
    return "";
  }

  /** Direct children by key: module fields, and elements of arrays of modules. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [field, value] of Object.entries(this as unknown as Fields)) {
      if (value instanceof Module) yield [stateKey(field), value];
      else if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) {
          if (item instanceof Module) yield [`${stateKey(field)}.${String(i)}`, item];
        }
      }
    }
  }

  children(): Module[] {
    return Array.from(this.namedChildren(), ([, child]) => child);
  }

  /** This module and everything below it, by dotted key. */
  *namedModules(prefix = ""): Generator<[string, Module]> {
    yield [prefix, this];
    for (const [key, child] of this.namedChildren())
      yield* child.namedModules(prefix === "" ? key : `${prefix}.${key}`);
  }

  modules(): Module[] {
    return Array.from(this.namedModules(), ([, module]) => module);
  }

  namedParameters(): [string, Tensor][] {
    return unique(this.slots().filter(({ tensor }) => isParameter(tensor)));
  }

  /** Every parameter once, shared ones at their first place. */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, tensor]) => tensor);
  }

  namedBuffers(): [string, Tensor][] {
    return unique(this.slots().filter(({ tensor }) => !isParameter(tensor)));
  }

  buffers(): Tensor[] {
    return this.namedBuffers().map(([, tensor]) => tensor);
  }

  /** Number of elements in all parameters. */
  parameterCount(): number {
    return this.parameters().reduce((count, { size }) => count + size, 0);
  }

  /** Calls `visit` on every module below this one and on itself, children first. */
  apply(visit: (module: Module) => void): this {
    for (const child of this.children()) child.apply(visit);
    visit(this);
    return this;
  }

  /** Freezes the parameters (`false`) or thaws them; buffers and whole-number parameters never have a gradient. */
  requiresGrad(on = true): this {
    for (const tensor of this.parameters()) if (isFloating(tensor.dtype)) tensor.setRequiresGrad(on);
    return this;
  }

  /**
   * Calls `hook(module, inputs, output)` after every forward of this module; what it returns, unless undefined, takes the
   * output's place.
   *
   * @returns a function that takes the hook off again.
   */
  registerForwardHook(hook: ForwardHook): () => void {
    return hangAfter(this, hook);
  }

  /** Calls `hook(module, inputs)` before every forward; a list that it returns takes the inputs' place. */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return hangBefore(this, hook);
  }

  /**
   * A table of the layers, what each puts out, and its parameters. Runs forward once, in evaluation, on `inputs`:
   * whatever forward takes, or shapes, for which zeros are made. At most 80 columns wide.
   */
  summary(...inputs: readonly unknown[]): string {
    return summarise(this, inputs);
  }

  train(mode = true): this {
    return this.apply((module) => {
      module.training = mode;
    });
  }

  eval(): this {
    return this.train(false);
  }

  /** Drops the accumulated gradients of all parameters. */
  zeroGrad(): void {
    for (const tensor of this.parameters()) {
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }

  /** Moves parameters and buffers to another device or floating dtype, in place of the old ones. */
  to(options: { readonly device?: string | Device; readonly dtype?: DType }): this {
    const moved = new Map<Tensor, Tensor>();
    for (const { tensor, replace } of this.slots()) {
      const target = moved.get(tensor) ?? moveTensor(tensor, options);
      moved.set(tensor, target);
      replace(target);
    }
    for (const [before, after] of moved) {
      if (before !== after) before.dispose();
    }
    return this;
  }

  /**
   * Parameters and buffers by key; the tensors are the module's own, not copies.
   *
   * @throws FormatError where two fields have one key, as `weightA` and `weight_a` do.
   */
  stateDict(): StateDict {
    return this.#keyed("stateDict");
  }

  #keyed(op: string): StateDict {
    const state: StateDict = new Map();
    for (const { key, tensor } of this.slots()) {
      if (state.has(key)) failTwice(op, key);
      state.set(key, tensor);
    }
    return state;
  }

  /**
   * Copies values into the parameters and buffers of the same keys.
   *
   * @throws FormatError where keys are missing or unexpected (unless `strict` is false), ShapeError where shapes differ;
   * the module is then unchanged.
   */
  loadStateDict(
    state: ReadonlyMap<string, Tensor>,
    { strict = true }: { readonly strict?: boolean } = {},
  ): LoadReport {
    const own = this.#keyed("loadStateDict");
    const missing = [...own.keys()].filter((key) => !state.has(key));
    const unexpected = [...state.keys()].filter((key) => !own.has(key));
    if (strict && missing.length + unexpected.length > 0) failKeys(missing, unexpected);
    const pairs = [...own].flatMap(([key, target]) => {
      const source = state.get(key);
      return source ? [{ key, target, source }] : [];
    });
    const wrong = pairs.filter(({ target, source }) => !sameShape(target.shape, source.shape));
    if (wrong.length > 0) {
      const list = wrong.map(
        ({ key, target, source }) => `${key} ${formatShape(source.shape)} for ${formatShape(target.shape)}`,
      );
      throw new ShapeError("loadStateDict", `shapes must agree; got ${list.join(", ")}.`);
    }
    for (const { source } of pairs) source.assertAlive("loadStateDict");
    for (const { target, source } of pairs) assign(target, source);
    return { missing, unexpected };
  }

  /** Releases all parameters and buffers. */
  dispose(): void {
    for (const { tensor } of this.slots()) tensor.dispose();
  }

  toString(): string {
    const lines = Array.from(this.namedChildren(), ([key, child]) => `(${key}): ${child.toString()}`);
    const head = `${this.moduleName}(${this.describe()}`;
    if (lines.length === 0) return `${head})`;
    return `${head}\n${lines.map((line) => line.replace(/^/gm, "  ")).join("\n")}\n)`;
  }

  /** The tensors of this module alone, found in its fields; for containers that keep them elsewhere to override. */
  ownTensors(): Slot[] {
    const fields = this as unknown as Fields;
    return Object.entries(fields).flatMap(([field, tensor]) => {
      if (!(tensor instanceof Tensor)) return [];
      const replace = (other: Tensor): void => {
        fields[field] = other;
      };
      return [{ key: stateKey(field), tensor, replace }];
    });
  }

  /** The tensors of this module and of all below it, shared ones at each of their places. */
  slots(): Slot[] {
    return Array.from(this.namedModules()).flatMap(([prefix, module]) =>
      module.ownTensors().map((slot) => (prefix === "" ? slot : { ...slot, key: `${prefix}.${slot.key}` })),
    );
  }
}

function unique(slots: readonly Slot[]): [string, Tensor][] {
  const seen = new Set<Tensor>();
  const fresh = slots.filter(({ tensor }) => !seen.has(tensor) && seen.add(tensor));
  return fresh.map(({ key, tensor }) => [key, tensor]);
}

function moveTensor(
  tensor: Tensor,
  options: { readonly device?: string | Device; readonly dtype?: DType },
): Tensor {
  const dtype = isFloating(tensor.dtype) ? options.dtype : undefined;
  const moved = to(tensor, {
    ...(options.device !== undefined && { device: options.device }),
    ...(dtype && { dtype }),
  });
  if (moved === tensor) return tensor;
  return isParameter(tensor) ? parameter(moved).setRequiresGrad(tensor.requiresGrad) : own(moved);
}

function failTwice(op: string, key: string): never {
  throw new FormatError(
    op,
    `each tensor must have a key of its own; got ${JSON.stringify(key)} twice. ` +
      "Keys are the names of fields in snake_case: rename one of the two.",
  );
}

function failKeys(missing: readonly string[], unexpected: readonly string[]): never {
  const parts = [
    missing.length > 0 ? `missing ${missing.join(", ")}` : "",
    unexpected.length > 0 ? `unexpected ${unexpected.join(", ")}` : "",
  ].filter((part) => part !== "");
  throw new FormatError(
    "loadStateDict",
    `keys must be the module's; got ${parts.join("; ")}. Pass { strict: false } to load the rest.`,
  );
}
