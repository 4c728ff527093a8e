// Einstein's summation: an equation over named axes becomes permutations, products of matrices and sums.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand, mul, permute, reshape, slice, sum } from "../algebra.ts";
import { requireFloat, requireSameDType, requireSameDevice } from "../checks.ts";
import { matmul } from "./matmul.ts";

// Axes that "..." stands for are named "0", "1", ... from the right, so that they line up as in broadcasting.
type Labels = readonly string[];

interface Equation {
  readonly inputs: readonly Labels[];
  readonly output: Labels;
  /** Size of each label. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** A tensor whose axes have names. */
interface Named {
  readonly x: Tensor;
  readonly labels: Labels;
}

const TERM = /^[A-Za-z]*(\.\.\.[A-Za-z]*)?$/;

function fail(equation: string, what: string): never {
  throw new ValueError("einsum", `${what}; got ${JSON.stringify(equation)}.`);
}

/** The labels of one term; `dots` is how many axes "..." stands for. */
function labelsOf(term: string, dots: number): string[] {
  const [before, after] = term.split("...");
  const hidden = Array.from({ length: after === undefined ? 0 : dots }, (_, i) => String(dots - 1 - i));
  return [...Array.from(before), ...hidden, ...Array.from(after ?? "")];
}

function parse(equation: string, operands: readonly Tensor[]): Equation {
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (more.length > 0 || ![...terms, right ?? ""].every((term) => TERM.test(term)))
    fail(equation, 'the equation must be terms of letters and at most one "..." each, as in "ij,jk->ik"');
  if (terms.length !== operands.length)
    fail(equation, `the equation must have one term for each of the ${String(operands.length)} operands`);
  const dots = terms.map((term, i) =>
    term.includes("...") ? operands[i].rank - term.replace("...", "").length : 0,
  );
  const inputs = terms.map((term, i) => labelsOf(term, dots[i]));
  inputs.forEach((labels, i) => {
    if (labels.length === operands[i].rank && dots[i] >= 0) return;
    throw new ShapeError(
      "einsum",
      `the term "${terms[i]}" must name each axis of its operand; got ${formatShape(operands[i].shape)}.`,
    );
  });
  const output = right === undefined ? implicitOutput(inputs) : labelsOf(right, Math.max(0, ...dots));
  const known = new Set(inputs.flat());
  if (new Set(output).size < output.length || !output.every((label) => known.has(label)))
    fail(equation, "the output must name axes of the operands, each once");
  return { inputs, output, sizes: sizesOf(inputs, operands) };
}

/** Without "->": what "..." stands for, then the letters that occur once, in alphabetical order. */
function implicitOutput(inputs: readonly Labels[]): string[] {
  const all = inputs.flat();
  const hidden = [...new Set(all.filter((label) => /\d/.test(label)))].sort((a, b) => Number(b) - Number(a));
  const once = all.filter((label) => !/\d/.test(label) && all.indexOf(label) === all.lastIndexOf(label));
  return [...hidden, ...once.sort()];
}

function sizesOf(inputs: readonly Labels[], operands: readonly Tensor[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const size = operands[i].shape[axis];
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size) {
        const name = /\d/.test(label) ? 'axes of "..."' : `axes named "${label}"`;
        throw new ShapeError(
          "einsum",
          `${name} must have one size, or 1; got ${String(known)} and ${String(size)}.`,
        );
      }
      sizes.set(label, known === 1 ? size : known);
    });
  });
  return sizes;
}

// A label twice in one term picks the diagonal: with the two axes last and as one, every (n + 1)-th element.
function withoutRepeats({ x, labels }: Named): Named {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]);
  const others = labels.flatMap((_, i) => (i === first || i === second ? [] : [i]));
  const n = Math.max(x.shape[first], x.shape[second]);
  const outer = others.map((i) => x.shape[i]);
  const square = expand(permute(x, [...others, first, second]), [...outer, n, n]);
  const diagonal = slice(reshape(square, [...outer, n * n]), -1, 0, n * n, n + 1);
  return withoutRepeats({ x: diagonal, labels: [...others.map((i) => labels[i]), labels[second]] });
}

/** Sums over the labels that nobody needs any more. */
function sumUnused({ x, labels }: Named, needed: ReadonlySet<string>): Named {
  const axis = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  if (axis.length === 0) return { x, labels };
  return { x: sum(x, { axis }), labels: labels.filter((label) => needed.has(label)) };
}

/** x with its axes in the order of three groups of labels, each group one axis. */
function asMatrices({ x, labels }: Named, groups: readonly Labels[]): Tensor {
  const sizeOfGroup = (group: Labels): number =>
    group.reduce((size, label) => size * x.shape[labels.indexOf(label)], 1);
  const ordered = permute(
    x,
    groups.flat().map((label) => labels.indexOf(label)),
  );
  return reshape(ordered, groups.map(sizeOfGroup));
}

function contract(a: Named, b: Named, needed: ReadonlySet<string>): Named {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const onlyA = a.labels.filter((label) => !shared.includes(label));
  const onlyB = b.labels.filter((label) => !shared.includes(label));
  const left = asMatrices(a, [batch, onlyA, inner]);
  const right = asMatrices(b, [batch, inner, onlyB]);
  // Without an inner axis nothing is summed: a product by broadcasting.
  const y = inner.length === 0 ? mul(left, right) : matmul(left, right);
  const labels = [...batch, ...onlyA, ...onlyB];
  const sizes = labels.map((label) =>
    a.labels.includes(label) ? a.x.shape[a.labels.indexOf(label)] : b.x.shape[b.labels.indexOf(label)],
  );
  return { x: reshape(y, sizes), labels };
}

function evaluate({ inputs, output, sizes }: Equation, operands: readonly Tensor[]): Tensor {
  const stretched = operands.map((x, i) => {
    const named = withoutRepeats({ x, labels: inputs[i] });
    const shape = named.labels.map((label) => sizes.get(label)!);
    return { x: sameShape(named.x.shape, shape) ? named.x : expand(named.x, shape), labels: named.labels };
  });
  const neededAfter = (i: number): Set<string> =>
    new Set([...output, ...stretched.slice(i + 1).flatMap(({ labels }) => labels)]);
  let result = sumUnused(stretched[0], neededAfter(0));
  for (let i = 1; i < stretched.length; i++) {
    const next = sumUnused(stretched[i], new Set([...neededAfter(i), ...result.labels]));
    result = contract(result, next, neededAfter(i));
  }
  return permute(
    result.x,
    output.map((label) => result.labels.indexOf(label)),
  );
}

/**
 * Sum of products over named axes: `einsum("bij,bjk->bik", a, b)` is a batch of matrix products. Each term names the axes
 * of one operand; axes of one name go together, and those that the output does not name are summed. A name twice in a
 * term picks the diagonal; "..." stands for leading axes that broadcast. Without "->" the output has the names that occur
 * once, in alphabetical order. Operands are taken from left to right, two at a time.
 *
 * @throws ValueError where the equation makes no sense; ShapeError where the operands do not fit it.
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  if (operands.length === 0) fail(equation, "there must be at least one operand");
  for (const x of operands) x.assertAlive("einsum");
  requireSameDevice("einsum", operands);
  for (const x of operands) requireFloat("einsum", x);
  requireSameDType(
    "einsum",
    operands,
    operands.map((_, i) => `operand ${String(i)}`),
  );
  const parsed = parse(equation, operands);
  return composite("einsum", () => evaluate(parsed, operands));
}
