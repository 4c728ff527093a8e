/*
 * Moving 4-byte elements: fill, copy, strided copy, gather and scatter, casts. f32 and i32 alike: only bits move,
 * except in the adding forms and the casts.
 *
 * Index kernels look at every index of their range, skip those that are out of range (negative ones too), and return
 * the flat position in the index tensor of the first one they met, or -1. Two ranges can both report; take the smaller.
 */
import { bytes, storeTransposed } from "./simd";

/** y[i] = value */
export function fill_f32(yPtr: usize, value: f32, start: i32, end: i32): void {
  const v = f32x4.splat(value);
  let y = yPtr + bytes(start);
  let n = end - start;
  for (; n >= 16; n -= 16) {
    v128.store(y, v);
    v128.store(y, v, 16);
    v128.store(y, v, 32);
    v128.store(y, v, 48);
    y += 64;
  }
  for (; n > 0; --n) {
    store<f32>(y, value);
    y += 4;
  }
}

/** y[i] = x[i]; both dense. */
export function copy_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  memory.copy(yPtr + bytes(start), xPtr + bytes(start), bytes(end - start));
}

/**
 * y = x for any two strided layouts of one shape [n0, n1, n2, n3] (lead with 1 for lower ranks; collapse what is
 * contiguous first). x0..x3 and y0..y3 are the strides in elements, 0 and negative ones allowed in x; the pointers are
 * those of element (0, 0, 0, 0). The range counts rows, r = (i0 * n1 + i1) * n2 + i2, of n3 elements each.
 * Fast where the last axis is dense in both (rows) or where axes 2 and 3 change places (x2 = y3 = 1 or x3 = y2 = 1).
 */
export function copy_strided_f32(
  xPtr: usize,
  x0: i32,
  x1: i32,
  x2: i32,
  x3: i32,
  yPtr: usize,
  y0: i32,
  y1: i32,
  y2: i32,
  y3: i32,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  start: i32,
  end: i32,
): void {
  let row = start;
  while (row < end) {
    const plane = row / n2;
    const i0 = plane / n1;
    const i1 = plane - i0 * n1;
    const i2 = row - plane * n2;
    const rows = min(n2 - i2, end - row);
    const x = xPtr + bytes(i0) * <usize>x0 + bytes(i1) * <usize>x1 + bytes(i2) * <usize>x2;
    const y = yPtr + bytes(i0) * <usize>y0 + bytes(i1) * <usize>y1 + bytes(i2) * <usize>y2;
    if (x3 == 1 && y3 == 1) copyRows(x, bytes(x2), y, bytes(y2), rows, n3);
    else if (x2 == 1 && y3 == 1) transpose(x, bytes(x3), y, bytes(y2), rows, n3);
    else if (x3 == 1 && y2 == 1) transpose(x, bytes(x2), y, bytes(y3), n3, rows);
    else copyElements(x, bytes(x2), bytes(x3), y, bytes(y2), bytes(y3), rows, n3);
    row += rows;
  }
}

/** Rows of n dense elements. Short rows are copied here: memory.copy costs a call of its own. */
function copyRows(xPtr: usize, xRow: usize, yPtr: usize, yRow: usize, rows: i32, n: i32): void {
  for (; rows > 0; --rows) {
    if (n > 64) {
      memory.copy(yPtr, xPtr, bytes(n));
    } else {
      let offset: usize = 0;
      let left = n;
      for (; left >= 4; left -= 4) {
        v128.store(yPtr + offset, v128.load(xPtr + offset));
        offset += 16;
      }
      for (; left > 0; --left) {
        store<u32>(yPtr + offset, load<u32>(xPtr + offset));
        offset += 4;
      }
    }
    xPtr += xRow;
    yPtr += yRow;
  }
}

/**
 * y[i, j] = x[j, i]: rows i of y (yRow bytes apart) and rows j of x (xRow bytes apart) are dense. In blocks of 16 x 64,
 * whose lines of x stay in L1 until all of their 16 elements have been used.
 */
function transpose(xPtr: usize, xRow: usize, yPtr: usize, yRow: usize, nI: i32, nJ: i32): void {
  for (let i = 0; i < nI; i += 16) {
    const iEnd = min(i + 16, nI);
    for (let j = 0; j < nJ; j += 64) {
      transposeBlock(xPtr, xRow, yPtr, yRow, i, iEnd, j, min(j + 64, nJ));
    }
  }
}

function transposeBlock(
  xPtr: usize,
  xRow: usize,
  yPtr: usize,
  yRow: usize,
  iStart: i32,
  iEnd: i32,
  jStart: i32,
  jEnd: i32,
): void {
  let i = iStart;
  for (; i + 4 <= iEnd; i += 4) {
    let x = xPtr + bytes(i) + <usize>jStart * xRow;
    let y = yPtr + <usize>i * yRow + bytes(jStart);
    let j = jStart;
    for (; j + 4 <= jEnd; j += 4) {
      const x1 = x + xRow;
      const x2 = x1 + xRow;
      storeTransposed(v128.load(x), v128.load(x1), v128.load(x2), v128.load(x2 + xRow), y, yRow);
      x = x2 + 2 * xRow;
      y += 16;
    }
    for (; j < jEnd; ++j) {
      store<u32>(y, load<u32>(x));
      store<u32>(y + yRow, load<u32>(x, 4));
      store<u32>(y + 2 * yRow, load<u32>(x, 8));
      store<u32>(y + 3 * yRow, load<u32>(x, 12));
      x += xRow;
      y += 4;
    }
  }
  for (; i < iEnd; ++i) {
    copyElements(
      xPtr + bytes(i) + <usize>jStart * xRow,
      0,
      xRow,
      yPtr + <usize>i * yRow + bytes(jStart),
      0,
      4,
      1,
      jEnd - jStart,
    );
  }
}

function copyElements(
  xPtr: usize,
  xRow: usize,
  xStep: usize,
  yPtr: usize,
  yRow: usize,
  yStep: usize,
  rows: i32,
  n: i32,
): void {
  for (; rows > 0; --rows) {
    let x = xPtr;
    let y = yPtr;
    let left = n;
    for (; left >= 4; left -= 4) {
      store<u32>(y, load<u32>(x));
      x += xStep;
      y += yStep;
      store<u32>(y, load<u32>(x));
      x += xStep;
      y += yStep;
      store<u32>(y, load<u32>(x));
      x += xStep;
      y += yStep;
      store<u32>(y, load<u32>(x));
      x += xStep;
      y += yStep;
    }
    for (; left > 0; --left) {
      store<u32>(y, load<u32>(x));
      x += xStep;
      y += yStep;
    }
    xPtr += xRow;
    yPtr += yRow;
  }
}

/** y[o, j, i] = x[o, index[o, j, i], i] for x [outer, n, inner], index and y [outer, nIndex, inner]; elements of y. */
export function gather_f32(
  xPtr: usize,
  indexPtr: usize,
  yPtr: usize,
  n: i32,
  nIndex: i32,
  inner: i32,
  start: i32,
  end: i32,
): i32 {
  let bad = -1;
  const slab = nIndex * inner;
  let position = start;
  while (position < end) {
    const outer = position / slab;
    const x = xPtr + bytes(outer) * <usize>n * <usize>inner;
    let column = (position - outer * slab) % inner;
    const slabEnd = min(end, (outer + 1) * slab);
    for (; position < slabEnd; ++position) {
      const index = load<i32>(indexPtr + bytes(position));
      if (<u32>index < <u32>n) {
        store<u32>(yPtr + bytes(position), load<u32>(x + (bytes(index) * <usize>inner + bytes(column))));
      } else if (bad < 0) {
        bad = position;
      }
      if (++column == inner) column = 0;
    }
  }
  return bad;
}

/** y[o, j, :] = x[o, index[j], :] for x [outer, n, inner], index [nIndex], y [outer, nIndex, inner]; rows o * nIndex + j. */
export function index_select_f32(
  xPtr: usize,
  indexPtr: usize,
  yPtr: usize,
  n: i32,
  nIndex: i32,
  inner: i32,
  start: i32,
  end: i32,
): i32 {
  let bad = -1;
  const rowBytes = bytes(inner);
  let outer = start / nIndex;
  let j = start - outer * nIndex;
  for (let row = start; row < end; ++row) {
    const index = load<i32>(indexPtr + bytes(j));
    if (<u32>index < <u32>n) {
      const x = xPtr + (<usize>outer * <usize>n + <usize>index) * rowBytes;
      const y = yPtr + <usize>row * rowBytes;
      if (inner == 1) store<u32>(y, load<u32>(x));
      else copyRows(x, 0, y, 0, 1, inner);
    } else if (bad < 0 || j < bad) {
      bad = j;
    }
    if (++j == nIndex) {
      j = 0;
      ++outer;
    }
  }
  return bad;
}

/**
 * gx[o, index[o, j, i], i] += g[o, j, i], the counterpart of gather: shapes as there, gx filled by the caller. The range
 * counts columns o * inner + i, each of them worked through in the order of j: no two ranges touch one element.
 */
export function scatter_add_f32(
  gPtr: usize,
  indexPtr: usize,
  gxPtr: usize,
  n: i32,
  nIndex: i32,
  inner: i32,
  start: i32,
  end: i32,
): i32 {
  let bad = -1;
  for (let c = start; c < end; ++c) {
    const outer = c / inner;
    const column = c - outer * inner;
    const gx = gxPtr + bytes(outer) * <usize>n * <usize>inner + bytes(column);
    let position = outer * nIndex * inner + column;
    for (let j = 0; j < nIndex; ++j) {
      const index = load<i32>(indexPtr + bytes(position));
      if (<u32>index < <u32>n) {
        const target = gx + bytes(index) * <usize>inner;
        store<f32>(target, load<f32>(target) + load<f32>(gPtr + bytes(position)));
      } else if (bad < 0 || position < bad) {
        bad = position;
      }
      position += inner;
    }
  }
  return bad;
}

/**
 * gx[o, index[j], i] += g[o, j, i], the counterpart of index_select: shapes as there, gx filled by the caller. The range
 * counts columns o * inner + i, as for scatter_add_f32.
 */
export function index_add_f32(
  gPtr: usize,
  indexPtr: usize,
  gxPtr: usize,
  n: i32,
  nIndex: i32,
  inner: i32,
  start: i32,
  end: i32,
): i32 {
  let bad = -1;
  let c = start;
  while (c < end) {
    const outer = c / inner;
    const column = c - outer * inner;
    const width = min(inner - column, end - c);
    const gx = gxPtr + bytes(outer) * <usize>n * <usize>inner + bytes(column);
    let g = gPtr + bytes(outer) * <usize>nIndex * <usize>inner + bytes(column);
    for (let j = 0; j < nIndex; ++j) {
      const index = load<i32>(indexPtr + bytes(j));
      if (<u32>index < <u32>n) addRow(g, gx + bytes(index) * <usize>inner, width);
      else if (bad < 0 || j < bad) bad = j;
      g += bytes(inner);
    }
    c += width;
  }
  return bad;
}


@inline
function addRow(xPtr: usize, yPtr: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(yPtr, f32x4.add(v128.load(yPtr), v128.load(xPtr)));
    xPtr += 16;
    yPtr += 16;
  }
  for (; n > 0; --n) {
    store<f32>(yPtr, load<f32>(yPtr) + load<f32>(xPtr));
    xPtr += 4;
    yPtr += 4;
  }
}

/**
 * y[o, k, i] = k, then y[o, index[o, j, i], i] = n + j for j = 0 .. nIndex in order, for y [outer, n, inner] and index
 * [outer, nIndex, inner]: where each element comes from when new values are scattered over old ones. Columns o * inner + i.
 */
export function scatter_order_i32(
  indexPtr: usize,
  yPtr: usize,
  n: i32,
  nIndex: i32,
  inner: i32,
  start: i32,
  end: i32,
): i32 {
  let bad = -1;
  for (let c = start; c < end; ++c) {
    const outer = c / inner;
    const column = c - outer * inner;
    const y = yPtr + bytes(outer) * <usize>n * <usize>inner + bytes(column);
    for (let k = 0; k < n; ++k) store<i32>(y + bytes(k) * <usize>inner, k);
    let position = outer * nIndex * inner + column;
    for (let j = 0; j < nIndex; ++j) {
      const index = load<i32>(indexPtr + bytes(position));
      if (<u32>index < <u32>n) store<i32>(y + bytes(index) * <usize>inner, n + j);
      else if (bad < 0 || position < bad) bad = position;
      position += inner;
    }
  }
  return bad;
}

/** y[i] = value (any 32 bits) where mask[i] is not 0, else as it was. */
export function masked_fill_i32(maskPtr: usize, yPtr: usize, value: i32, start: i32, end: i32): void {
  const v = i32x4.splat(value);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const y = yPtr + bytes(i);
    const chosen = i32x4.ne(v128.load(maskPtr + bytes(i)), i32x4.splat(0));
    v128.store(y, v128.bitselect(v, v128.load(y), chosen));
  }
  for (; i < end; ++i) if (load<i32>(maskPtr + bytes(i)) != 0) store<i32>(yPtr + bytes(i), value);
}

/** i32 from f32: towards zero, saturating, NaN to 0. */
export function cast_f32_i32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  let i = start;
  for (; i + 4 <= end; i += 4)
    v128.store(yPtr + bytes(i), i32x4.trunc_sat_f32x4_s(v128.load(xPtr + bytes(i))));
  for (; i < end; ++i) {
    v128.store32_lane(yPtr + bytes(i), i32x4.trunc_sat_f32x4_s(v128.load32_zero(xPtr + bytes(i))), 0);
  }
}

/** f32 from i32: to nearest. */
export function cast_i32_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  let i = start;
  for (; i + 4 <= end; i += 4) v128.store(yPtr + bytes(i), f32x4.convert_i32x4_s(v128.load(xPtr + bytes(i))));
  for (; i < end; ++i) store<f32>(yPtr + bytes(i), <f32>load<i32>(xPtr + bytes(i)));
}
