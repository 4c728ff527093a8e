// Parameter groups: parameters that share their options, and how those options become the numbers of a saved state.
import { GradError, ValueError } from "../core/errors.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Options that every optimizer has. */
export interface BaseOptions {
  /** Learning rate. */
  readonly lr: number;
  /** Climb the gradient instead of descending it; default false. */
  readonly maximize: boolean;
}

/** Parameters with options of their own; what is left out comes from the optimizer's options. */
export type GroupOptions<O> = Partial<O> & { readonly params: Iterable<Tensor> };

/** What optimizers are made from: parameters, or groups of them. */
export type ParameterSource<O> = Iterable<Tensor> | Iterable<GroupOptions<O>>;

/** A group in use; its options may be changed between steps. */
export type ParameterGroup<O> = { readonly params: readonly Tensor[] } & { -readonly [K in keyof O]: O[K] };

/** Numbers that steer a step; all plain, so that they can be saved as JSON. */
export type Hyperparameters = Readonly<Record<string, number | boolean>>;

/** @throws ValueError where there is no parameter or one comes twice, GradError where one is no leaf. */
export function makeGroups<O extends BaseOptions>(
  op: string,
  source: ParameterSource<O>,
  defaults: O,
  check: (options: O) => void,
): ParameterGroup<O>[] {
  const items = [...(source as Iterable<Tensor | GroupOptions<O>>)];
  const bare = items.filter((item): item is Tensor => item instanceof Tensor);
  if (bare.length > 0 && bare.length < items.length)
    throw new ValueError(op, "parameters must be all tensors or all groups; got both.");
  const given: GroupOptions<O>[] =
    bare.length > 0 ? [{ params: bare } as unknown as GroupOptions<O>] : (items as GroupOptions<O>[]);
  const groups = given.map((group) => {
    const merged = { ...defaults, ...withoutUndefined(group), params: [...group.params] };
    check(merged);
    return merged;
  });
  checkParameters(
    op,
    groups.flatMap(({ params }) => params),
  );
  return groups;
}

function checkParameters(op: string, parameters: readonly Tensor[]): void {
  if (parameters.length === 0) throw new ValueError(op, "there must be parameters; got none.");
  for (const p of parameters) {
    if (!p.isLeaf) throw new GradError(op, `parameters must be leaves; got a result of ${p.madeBy}.`);
  }
  if (new Set(parameters).size < parameters.length)
    throw new ValueError(op, "each parameter must come once; got one in two places.");
}

/** Options as given, without those that say undefined: a default then holds. */
export const withoutUndefined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** Options as flat numbers: betas [a, b] become beta1 and beta2; what is no number is left out. */
export function flatten(group: ParameterGroup<unknown>): Record<string, number | boolean> {
  const flat: Record<string, number | boolean> = {};
  for (const [name, value] of Object.entries(group) as [string, unknown][]) {
    if (name === "params") continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    values.forEach((item, i) => {
      if (typeof item === "number" || typeof item === "boolean")
        flat[Array.isArray(value) ? elementName(name, i) : name] = item;
    });
  }
  return flat;
}

/** Takes options back from flat numbers; those that are missing stay. */
export function restore(group: ParameterGroup<unknown>, flat: Hyperparameters): void {
  const options = group as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(options)) {
    if (name === "params") continue;
    if (Array.isArray(value))
      options[name] = value.map((item: unknown, i) => flat[elementName(name, i)] ?? item);
    else if (flat[name] !== undefined)
      options[name] = typeof value === "boolean" ? Boolean(flat[name]) : Number(flat[name]);
  }
}

const elementName = (name: string, i: number): string =>
  `${name === "betas" ? "beta" : name}${String(i + 1)}`;

/** @throws ValueError unless low <= value < high. */
export function requireRange(op: string, name: string, value: number, low: number, high: number): number {
  if (value >= low && value < high) return value;
  const range = high === Infinity ? `at least ${String(low)}` : `in [${String(low)}, ${String(high)})`;
  throw new ValueError(op, `${name} must be ${range}; got ${String(value)}.`);
}

/** @throws ValueError unless the value is one of those named. */
export function requireOneOf(op: string, name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  const list = known.map((one) => JSON.stringify(one)).join(", ");
  throw new ValueError(op, `${name} must be one of ${list}; got ${JSON.stringify(value)}.`);
}

/** The checks that optimizers of Adam's family share. */
export function checkMoments(
  op: string,
  { betas, eps, weightDecay }: { betas: readonly [number, number]; eps?: number; weightDecay: number },
): void {
  requireRange(op, "betas[0]", betas[0], 0, 1);
  requireRange(op, "betas[1]", betas[1], 0, 1);
  if (eps !== undefined) requireRange(op, "eps", eps, 0, Infinity);
  requireRange(op, "weightDecay", weightDecay, 0, Infinity);
}
