// The row of attention: every option, sizes around the tiles of 6 keys and 8 queries.
import { Generator, scaledDotProductAttention } from "../../../src/index.ts";
import type { AttentionOptions } from "../../../src/index.ts";
import type { Input, Row, Sample } from "../row.ts";

const attention = (
  name: string,
  inputs: readonly Input[],
  options: () => AttentionOptions = () => ({}),
): Sample => ({
  name,
  inputs,
  call: (q, k, v, mask) => scaledDotProductAttention(q, k, v, mask ? { ...options(), mask } : options()),
});

const bad = (
  shapes: readonly (readonly number[])[],
  error: string,
  message: string,
  options: AttentionOptions = {},
  mask?: Input,
): NonNullable<Row["bad"]>[number] => ({
  inputs: [...shapes.map((shape) => ({ shape })), ...(mask ? [mask] : [])],
  call: (q, k, v, m) => scaledDotProductAttention(q, k, v, m ? { ...options, mask: m } : options),
  error,
  message: `scaledDotProductAttention: ${message}`,
});

const queries = (n: number): Input => ({ shape: [1, 2, n, 3] });

export const attentionRows: readonly Row[] = [
  {
    op: "scaledDotProductAttention",
    // Sums over keys of products of rounded exponentials.
    tolerance: { rtol: 2e-5, atol: 1e-5 },
    order: 2,
    samples: (n) => [
      attention("n queries, n keys", [queries(n), queries(n), { shape: [1, 2, n, 5] }]),
      attention("n features", [{ shape: [2, 1, 3, n] }, { shape: [2, 1, 4, n] }, { shape: [2, 1, 4, n] }]),
      attention(
        "causal, fewer queries",
        [{ shape: [1, 1, 3, 4] }, { shape: [1, 1, n + 2, 4] }, { shape: [1, 1, n + 2, 4] }],
        () => ({
          causal: true,
          queryOffset: n - 1,
        }),
      ),
      attention("causal", [queries(n), queries(n), queries(n)], () => ({ causal: true, scale: 0.3 })),
      attention("mask, one query sees nothing", [
        { shape: [2, n, 3] },
        { shape: [2, 2, 3] },
        { shape: [2, 2, 2] },
        {
          shape: [n, 2],
          dtype: "bool",
          values: Array.from({ length: 2 * n }, (_, i) => Number(i >= 2 && i % 3 !== 0)),
        },
      ]),
      attention("added mask of keys", [queries(3), queries(n), queries(n), { shape: [n] }]),
      attention(
        "shared heads",
        [{ shape: [1, 4, n, 2] }, { shape: [1, 2, 3, 2] }, { shape: [1, 2, 3, 2] }],
        () => ({
          enableGqa: true,
        }),
      ),
      attention("dropout", [{ shape: [n, 4] }, { shape: [n + 3, 4] }, { shape: [n + 3, 4] }], () => ({
        dropout: 0.4,
        generator: new Generator(5),
      })),
    ],
    bad: [
      bad(
        [
          [3, 4],
          [2, 3, 4],
          [2, 3, 4],
        ],
        "ShapeError",
        "q, k and v must have the axes [T, E], [B, T, E] or [B, H, T, E], all the same; got q [3, 4], k [2, 3, 4] and v [2, 3, 4].",
      ),
      bad(
        [
          [0, 4],
          [3, 4],
          [3, 4],
        ],
        "ShapeError",
        "no axis may be empty; got q [0, 4], k [3, 4] and v [3, 4].",
      ),
      bad(
        [
          [2, 4],
          [3, 5],
          [3, 5],
        ],
        "ShapeError",
        "q and k must have one width; got q [2, 4], k [3, 5] and v [3, 5].",
      ),
      bad(
        [
          [2, 4],
          [3, 4],
          [4, 4],
        ],
        "ShapeError",
        "k and v must agree in all axes but the last; got q [2, 4], k [3, 4] and v [4, 4].",
      ),
      bad(
        [
          [1, 4, 2, 2],
          [1, 2, 2, 2],
          [1, 2, 2, 2],
        ],
        "ShapeError",
        "heads must agree; got 4 of q and 2 of k and v. Pass { enableGqa: true } where query heads share keys.",
      ),
      bad(
        [
          [1, 3, 2, 2],
          [1, 2, 2, 2],
          [1, 2, 2, 2],
        ],
        "ShapeError",
        "heads of q must be a multiple of those of k and v; got 3 of q and 2 of k and v.",
        { enableGqa: true },
      ),
      bad(
        [
          [2, 4],
          [3, 4],
          [3, 4],
        ],
        "ShapeError",
        "the mask must broadcast to [2, 3]; got [3, 2].",
        {},
        { shape: [3, 2] },
      ),
      bad(
        [
          [2, 4],
          [3, 4],
          [3, 4],
        ],
        "DTypeError",
        "the mask must be bool (true: takes part) or of q's dtype (added to the scores); got int32.",
        {},
        { shape: [2, 3], dtype: "int32" },
      ),
      bad(
        [
          [2, 4],
          [3, 4],
          [3, 4],
        ],
        "ValueError",
        "dropout must lie in 0..1; got 2.",
        { dropout: 2 },
      ),
    ],
  },
];
