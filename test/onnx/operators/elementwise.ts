// ONNX operators that work element by element.
import {
  abs,
  acos,
  add,
  asin,
  atan,
  cast,
  ceil,
  celu,
  clamp,
  cos,
  cosh,
  div,
  elu,
  eq,
  erf,
  exp,
  floor,
  full,
  ge,
  gt,
  hardswish,
  isinf,
  isnan,
  le,
  leakyRelu,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  relu,
  remainder,
  reshape,
  round,
  selu,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  softsign,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  trunc,
  where,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { heldAs, onNumbers } from "../invocation.ts";
import type { Invocation, Operator, Operators } from "../invocation.ts";
import { elementName } from "../model.ts";

const unary =
  (f: (x: Tensor) => Tensor): Operator =>
  (call) =>
    f(call.x());

/** The second operand; before version 7 it is aligned at an axis of the first instead of at the right. */
function second(call: Invocation): Tensor {
  const [a, b] = [call.x(0), call.x(1)];
  if (call.opset >= 7 || !call.has("axis")) return b;
  const missing = a.rank - call.number("axis", 0) - b.rank;
  return reshape(b, [...b.shape, ...new Array<number>(missing).fill(1)]);
}

const binary =
  (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) =>
    f(call.x(0), second(call));

/** Of numbers of one dtype, also integers. */
const arithmetic = (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  binary((a, b) => {
    const float = b.dtype === "float32" ? b : cast(b, "float32");
    return onNumbers(a, (x) => f(x, float));
  });

/** Of any number of operands, from left to right. */
const folded =
  (f: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) =>
    call.all().reduce((a, b) => onNumbers(a, (x) => f(x, b.dtype === "float32" ? b : cast(b, "float32"))));

function clip(call: Invocation): Tensor {
  const bound = (name: string, i: number): number | undefined =>
    call.has(name) ? call.number(name, 0) : call.values(i)?.[0];
  const [min, max] = [bound("min", 1), bound("max", 2)];
  if (min === undefined && max === undefined) return call.x();
  return onNumbers(call.x(), (x) => clamp(x, { min, max }));
}

function modulo(call: Invocation): Tensor {
  const f = (a: Tensor, b: Tensor): Tensor =>
    call.number("fmod", 0) === 1 ? sub(a, mul(b, trunc(div(a, b)))) : remainder(a, b);
  return arithmetic(f)(call) as Tensor;
}

const infinite = (call: Invocation): Tensor => {
  const [x, any] = [call.x(), isinf(call.x())];
  const [above, below] = [call.number("detect_positive", 1) === 1, call.number("detect_negative", 1) === 1];
  if (above && below) return any;
  if (!above && !below) return logicalAnd(any, logicalNot(any));
  return logicalAnd(any, above ? gt(x, 0) : lt(x, 0));
};

function shrink(call: Invocation): Tensor {
  const [bias, lambd] = [call.number("bias", 0), call.number("lambd", 0.5)];
  return onNumbers(call.x(), (x) =>
    where(lt(x, -lambd), add(x, bias), where(gt(x, lambd), sub(x, bias), mul(x, 0))),
  );
}

/** A slope per element, aligned at the right; before version 7 one per channel too. */
function parametricRelu(call: Invocation): Tensor {
  const [x, slope] = [call.x(0), call.x(1)];
  const perChannel = slope.rank === 1 && call.opset < 7 && slope.size > 1;
  const aligned = perChannel ? reshape(slope, [slope.size, ...x.shape.slice(2).map(() => 1)]) : slope;
  return where(gt(x, 0), x, mul(x, aligned));
}

export const elementwise: Operators = {
  Abs: unary(abs),
  Acos: unary(acos),
  // The inverse hyperbolic functions by their definitions: the library leaves them to its users.
  Acosh: unary((x) => log(add(x, sqrt(sub(square(x), 1))))),
  Asin: unary(asin),
  Asinh: unary((x) => log(add(x, sqrt(add(square(x), 1))))),
  Atan: unary(atan),
  Atanh: unary((x) => mul(sub(log1p(x), log1p(neg(x))), 0.5)),
  Ceil: unary(ceil),
  Cos: unary(cos),
  Cosh: unary(cosh),
  Erf: unary(erf),
  Exp: unary(exp),
  Floor: unary(floor),
  Log: unary(log),
  Neg: (call) => onNumbers(call.x(), neg),
  Reciprocal: unary(reciprocal),
  Round: unary(round),
  Sigmoid: unary(sigmoid),
  Sign: unary(sign),
  Sin: unary(sin),
  Sinh: unary(sinh),
  Sqrt: unary(sqrt),
  Tan: unary(tan),
  Tanh: unary(tanh),

  Celu: (call) => celu(call.x(), call.number("alpha", 1)),
  Elu: (call) => elu(call.x(), call.number("alpha", 1)),
  HardSigmoid: (call) =>
    clamp(add(mul(call.x(), call.number("alpha", 0.2)), call.number("beta", 0.5)), { min: 0, max: 1 }),
  HardSwish: unary(hardswish),
  LeakyRelu: (call) => leakyRelu(call.x(), call.number("alpha", 0.01)),
  PRelu: parametricRelu,
  Relu: unary(relu),
  Selu: (call) =>
    call.has("alpha") || call.has("gamma")
      ? mul(
          elu(call.x(), call.number("alpha", 1.67326319217681884765625)),
          call.number("gamma", 1.05070102214813232421875),
        )
      : selu(call.x()),
  Shrink: shrink,
  Softplus: unary((x) => softplus(x)),
  Softsign: unary(softsign),
  ThresholdedRelu: (call) => where(gt(call.x(), call.number("alpha", 1)), call.x(), mul(call.x(), 0)),
  Clip: clip,

  Add: arithmetic(add),
  Sub: arithmetic(sub),
  Mul: arithmetic(mul),
  Div: arithmetic(div),
  Pow: arithmetic(pow),
  Mod: modulo,
  Max: folded(maximum),
  Min: folded(minimum),
  Sum: folded(add),
  Mean: (call) => div(folded(add)(call) as Tensor, call.all().length),

  And: binary(logicalAnd),
  Or: binary(logicalOr),
  Xor: binary(logicalXor),
  Not: unary(logicalNot),
  Equal: binary(eq),
  Greater: binary(gt),
  GreaterOrEqual: binary(ge),
  Less: binary(lt),
  LessOrEqual: binary(le),
  IsNaN: unary(isnan),
  IsInf: infinite,
  Where: (call) => where(call.x(0), call.x(1), call.x(2)),

  Identity: unary((x) => x),
  Cast: (call) => cast(call.x(), heldAs(elementName(call.number("to", 1)))),
  CastLike: (call) => cast(call.x(0), call.x(1).dtype),
  ConstantOfShape: (call) => {
    const shape = call.values(0) ?? [];
    if (!call.has("value")) return full(shape, 0, { device: "wasm" });
    const { element, values } = call.stored("value");
    return full(shape, values[0], { dtype: heldAs(element), device: "wasm" });
  },
};
