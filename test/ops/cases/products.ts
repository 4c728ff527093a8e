// Rows of the products that are a matrix product in another shape.
import * as n8 from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Bad, Row, Sample } from "../row.ts";
import { badDType } from "./bad.ts";

const DOT = { rtol: 2e-6, atol: 1e-5 };

const ein = (equation: string, ...shapes: number[][]): Sample => ({
  name: equation,
  inputs: shapes.map((shape) => ({ shape })),
  call: (...operands: Tensor[]) => n8.einsum(equation, ...operands),
});

const badEquation = (equation: string, message: string, error = "ValueError"): Bad => ({
  inputs: [{ shape: [2, 3] }, { shape: [3, 2] }],
  call: (a, b) => n8.einsum(equation, a, b),
  error,
  message,
});

export const productRows: readonly Row[] = [
  {
    op: "dot",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [{ name: "vectors", inputs: [{ shape: [n] }, { shape: [n] }], call: n8.dot }],
    bad: [
      badDType("dot", (x) => n8.dot(x, x), [2]),
      {
        inputs: [{ shape: [2] }, { shape: [3] }],
        call: n8.dot,
        error: "ShapeError",
        message: "dot: a and b must be vectors of one size; got [2] and [3].",
      },
    ],
  },
  {
    op: "outer",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [{ name: "vectors", inputs: [{ shape: [n] }, { shape: [3] }], call: n8.outer }],
    bad: [
      {
        inputs: [{ shape: [2] }, { shape: [3, 1] }],
        call: n8.outer,
        error: "ShapeError",
        message: "outer: b must have the axes [m]; got [3, 1].",
      },
    ],
  },
  {
    op: "bmm",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [{ name: "batch", inputs: [{ shape: [2, 3, n] }, { shape: [2, n, 2] }], call: n8.bmm }],
    bad: [
      {
        inputs: [{ shape: [2, 3, 4] }, { shape: [1, 4, 3] }],
        call: n8.bmm,
        error: "ShapeError",
        message: "bmm: a must be [B, n, k] and b [B, k, m]; got [2, 3, 4] and [1, 4, 3].",
      },
    ],
  },
  {
    op: "addmm",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "plain",
        inputs: [{ shape: [2, 3] }, { shape: [2, n] }, { shape: [n, 3] }],
        call: (c, a, b) => n8.addmm(c, a, b),
      },
      {
        name: "row, scaled",
        inputs: [{ shape: [n] }, { shape: [2, 3] }, { shape: [3, n] }],
        call: (c, a, b) => n8.addmm(c, a, b, { beta: 0.5, alpha: -2 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [2, 4] }, { shape: [4, 3] }],
        call: (c, a, b) => n8.addmm(c, a, b),
        error: "ShapeError",
        message:
          "addmm: a must be [n, k], b [k, m], and c broadcast to [n, m]; got c [3, 2], a [2, 4] and b [4, 3].",
      },
    ],
  },
  {
    op: "tensordot",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "two axes",
        inputs: [{ shape: [2, 3, n] }, { shape: [3, n, 2] }],
        call: (a, b) => n8.tensordot(a, b),
      },
      { name: "none", inputs: [{ shape: [2, n] }, { shape: [3] }], call: (a, b) => n8.tensordot(a, b, 0) },
      {
        name: "named",
        inputs: [{ shape: [n, 2, 3] }, { shape: [3, 4, n] }],
        call: (a, b) =>
          n8.tensordot(a, b, [
            [0, -1],
            [2, 0],
          ]),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
        call: (a, b) => n8.tensordot(a, b, 1),
        error: "ShapeError",
        message: "tensordot: paired axes must have one size; got a [2, 3] over [1] and b [2, 3] over [0].",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2] }],
        call: (a, b) => n8.tensordot(a, b),
        error: "ShapeError",
        message: "tensordot: axes must be a count of axes that both have; got 2 for a [2, 3] and b [2].",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
        call: (a, b) => n8.tensordot(a, b, [[0, 1], [0]]),
        error: "ShapeError",
        message: "tensordot: axes must come in pairs; got [0, 1] of a and [0] of b.",
      },
    ],
  },
  {
    op: "cdist",
    tolerance: { rtol: 4e-6, atol: 1e-5 },
    order: 2,
    samples: (n) => [
      {
        name: "p = 2",
        inputs: [{ shape: [n, 3] }, { shape: [2, 3] }],
        call: (a, b) => n8.scope<Tensor>(() => n8.cdist(a, n8.add(b, 8))),
      },
      {
        name: "batch, p = 1",
        inputs: [{ shape: [2, 3, n] }, { shape: [2, n] }],
        call: (a, b) => n8.scope<Tensor>(() => n8.cdist(a, n8.add(b, 8), { p: 1 })),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 4] }],
        call: (a, b) => n8.cdist(a, b),
        error: "ShapeError",
        message: "cdist: a must be [..., n, k] and b [..., m, k]; got [2, 3] and [2, 4].",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
        call: (a, b) => n8.cdist(a, b, { p: -1 }),
        error: "ValueError",
        message: "cdist: p must be at least 0; got -1.",
      },
    ],
  },
  {
    op: "einsum",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      ein("ij,jk->ik", [2, n], [n, 3]),
      ein("ij,jk", [2, n], [n, 3]),
      ein("bij,bjk->kbi", [2, 3, n], [2, n, 2]),
      ein("i,j->ji", [n], [3]),
      ein("i,i->", [n], [n]),
      ein("ij->j", [3, n]),
      ein("ba", [2, n]),
      ein("ii->i", [n, n]),
      ein("iji,j", [n, 2, n], [2]),
      ein("...ij,...jk->...ik", [2, 3, n], [n, 2]),
      ein("...i,...i", [2, 1, n], [3, n]),
      ein("ij,jk,kl->il", [2, n], [n, 3], [3, 2]),
      ein("ij,ij->ij", [2, n], [1, n]),
      ein("bh,bk,hkl->bl", [2, 3], [2, n], [3, n, 2]),
    ],
    bad: [
      badEquation(
        "ij,jk->i->k",
        'einsum: the equation must be terms of letters and at most one "..." each, as in "ij,jk->ik"; got "ij,jk->i->k".',
      ),
      badEquation(
        "ij->i",
        'einsum: the equation must have one term for each of the 2 operands; got "ij->i".',
      ),
      badEquation(
        "ij,jk->il",
        'einsum: the output must name axes of the operands, each once; got "ij,jk->il".',
      ),
      badEquation(
        "ijk,jk->i",
        'einsum: the term "ijk" must name each axis of its operand; got [2, 3].',
        "ShapeError",
      ),
      badEquation("ij,ik->jk", 'einsum: axes named "i" must have one size, or 1; got 2 and 3.', "ShapeError"),
    ],
  },
];
