// Parameters made from others: a layer's weight becomes what a rule computes, each time the layer reads it, and what is
// trained and saved is what the rule computes it from. Keys are those of PyTorch's `torch.nn.utils.parametrize`:
// "parametrizations.weight.original" (of several parts "original0", "original1"), and the rule's own below ".0".
import { ValueError } from "../core/errors.ts";
import { assign } from "../ops/assign.ts";
import { clone } from "../ops/shape.ts";
import { noGrad } from "../tensor/mode.ts";
import { Tensor } from "../tensor/tensor.ts";
import { ModuleDict } from "./collection.ts";
import { Module } from "./module.ts";
import { stateKey } from "./names.ts";
import { isParameter, parameter } from "./parameter.ts";

/** How a parameter is made from others. State of the rule's own belongs in its fields, as in any module. */
export abstract class Parametrization extends Module {
  /** The parameter's value. */
  abstract override forward(...originals: Tensor[]): Tensor;

  /** What to train in the place of a parameter with this value: fresh tensors, or null to keep the parameter itself. */
  take(_value: Tensor): Tensor[] | null {
    return null;
  }
}

/** One made parameter: what it is made of, and the rule, under the key "0". */
class MadeParameter extends Module {
  readonly 0: Parametrization;

  constructor(value: Tensor, rule: Parametrization) {
    super();
    const fields = this as unknown as Record<string, Tensor>;
    const parts = rule.take(value);
    if (parts === null) fields.original = value;
    else {
      for (const [i, part] of parts.entries()) fields[`original${String(i)}`] = parameter(part);
      value.dispose();
    }
    this[0] = rule;
  }

  override get moduleName(): string {
    return "MadeParameter";
  }

  get originals(): Tensor[] {
    return this.ownTensors().map(({ tensor }) => tensor);
  }

  override forward(): Tensor {
    return this[0].forward(...this.originals);
  }
}

type Fields = Record<string, unknown> & { parametrizations?: ModuleDict<MadeParameter> };

const fieldsOf = (module: Module): Fields => module as unknown as Fields;

/**
 * Makes the parameter in `module`'s field `name` anew by `rule` whenever it is read. Make the optimizer afterwards, and set
 * initial values before.
 *
 * @returns the module.
 * @throws ValueError where there is no such parameter, or it is made by a rule already.
 */
export function registerParametrization<M extends Module>(module: M, name: string, rule: Parametrization): M {
  const fields = fieldsOf(module);
  requireParameter("registerParametrization", module, name);
  const made = new MadeParameter(fields[name] as Tensor, rule);
  fields.parametrizations ??= new ModuleDict<MadeParameter>();
  fields.parametrizations.set(stateKey(name), made);
  // Not enumerable: a module's fields are what it is made of.
  Object.defineProperty(module, name, { get: () => made.forward(), enumerable: false, configurable: true });
  return module;
}

/** @throws ValueError where `module` has no parameter in this field, or a rule makes it already. */
export function requireParameter(op: string, module: Module, name: string): Tensor {
  const fields = fieldsOf(module);
  if (fields.parametrizations?.has(stateKey(name)))
    throw new ValueError(op, `"${name}" of ${module.moduleName} must not be parametrized; got one that is.`);
  const tensor = fields[name];
  if (tensor instanceof Tensor && isParameter(tensor)) return tensor;
  const own = module.ownTensors().filter(({ tensor }) => isParameter(tensor));
  const known = own.map(({ key }) => key).join(", ") || "none";
  throw new ValueError(op, `${module.moduleName} must have a parameter "${name}"; got ${known}.`);
}

/**
 * Makes a parameter plain again, with the value that its rule gives now (in evaluation).
 *
 * @returns the module.
 * @throws ValueError where no rule makes it.
 */
export function removeParametrization<M extends Module>(module: M, name = "weight"): M {
  const fields = fieldsOf(module);
  const key = stateKey(name);
  const all = fields.parametrizations;
  if (!all?.has(key)) {
    const op = "removeParametrization";
    throw new ValueError(op, `"${name}" of ${module.moduleName} must be parametrized; got a plain one.`);
  }
  const made = all.get(key).eval();
  const value = noGrad<Tensor>(() => clone(made.forward()));
  Object.defineProperty(module, name, {
    value: plainParameter(made, value),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  for (const buffer of made.buffers()) buffer.dispose();
  all.items.delete(key);
  if (all.length === 0) delete fields.parametrizations;
  return module;
}

// A parameter that was kept keeps its identity, so that an optimizer goes on with it.
function plainParameter(made: MadeParameter, value: Tensor): Tensor {
  const [first, ...rest] = made.originals;
  if ("original" in made) {
    assign(first, value);
    value.dispose();
    return first;
  }
  for (const part of [first, ...rest]) part.dispose();
  return parameter(value);
}
