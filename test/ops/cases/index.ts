// All rows. An op without a row here fails completeness.test.ts.
import type { Row } from "../row.ts";
import { convAnyRows } from "./conv-any.ts";
import { attentionRows } from "./attention.ts";
import { activationRows } from "./activation.ts";
import { comparisonRows } from "./comparison.ts";
import { convRows } from "./conv.ts";
import { decompositionRows } from "./decompositions.ts";
import { elementwiseRows } from "./elementwise.ts";
import { indexingRows } from "./indexing.ts";
import { linalgRows } from "./linalg.ts";
import { lossRows } from "./losses.ts";
import { normRows } from "./norms.ts";
import { orderingRows } from "./ordering.ts";
import { alignmentRows, marginLossRows } from "./margin-losses.ts";
import { pairLossRows } from "./pair-losses.ts";
import { poolRows } from "./pool.ts";
import { placementRows } from "./placement.ts";
import { productRows } from "./products.ts";
import { recurrentRows } from "./recurrent.ts";
import { reduceRows } from "./reduce.ts";
import { selectionRows } from "./selection.ts";
import { shapeRows } from "./shape.ts";
import { subscriptRows } from "./subscript.ts";
import { statisticsRows } from "./statistics.ts";
import { viewRows } from "./views.ts";
import { windowRows } from "./windows.ts";

export const rows: readonly Row[] = [
  ...elementwiseRows,
  ...activationRows,
  ...comparisonRows,
  ...viewRows,
  ...reduceRows,
  ...statisticsRows,
  ...orderingRows,
  ...linalgRows,
  ...productRows,
  ...decompositionRows,
  ...indexingRows,
  ...shapeRows,
  ...placementRows,
  ...selectionRows,
  ...subscriptRows,
  ...windowRows,
  ...convRows,
  ...convAnyRows,
  ...pairLossRows,
  ...marginLossRows,
  ...alignmentRows,
  ...poolRows,
  ...normRows,
  ...lossRows,
  ...attentionRows,
  ...recurrentRows,
];
