/*
 * Packing for the matrix product: operands in any layout are copied to panels that the register tile reads in order.
 * Here all transposes become free. Panels beyond the edge repeat the last row or column: their products are dropped,
 * and unlike zeros times garbage they need no masks.
 */
import { interleaveHigh, interleaveLow, storeTransposed } from "./simd";

/** Panels of 6 rows of A [m, k], each stored [k][6]. Strides in bytes. */
export function packRows(aPtr: usize, aRow: usize, aStep: usize, m: i32, k: i32, packPtr: usize): void {
  for (let i = 0; i < m; i += 6) {
    packSixRows(aPtr, aRow, aStep, min(m - i, 6), k, packPtr);
    aPtr += 6 * aRow;
    packPtr += <usize>k * 24;
  }
}

/** One panel of at most 6 rows of A [m, k], stored [k][6]; rows beyond nRows repeat the last one. */
export function packSixRows(
  aPtr: usize,
  aRow: usize,
  aStep: usize,
  nRows: i32,
  k: i32,
  packPtr: usize,
): void {
  const a1 = aPtr + (nRows > 1 ? aRow : 0);
  const a2 = a1 + (nRows > 2 ? aRow : 0);
  const a3 = a2 + (nRows > 3 ? aRow : 0);
  const a4 = a3 + (nRows > 4 ? aRow : 0);
  const a5 = a4 + (nRows > 5 ? aRow : 0);
  let offset: usize = 0;
  let left = k;
  if (aStep == 4) {
    for (; left >= 4; left -= 4) {
      storeTransposed(
        v128.load(aPtr + offset),
        v128.load(a1 + offset),
        v128.load(a2 + offset),
        v128.load(a3 + offset),
        packPtr,
        24,
      );
      const r4 = v128.load(a4 + offset);
      const r5 = v128.load(a5 + offset);
      const low = interleaveLow(r4, r5);
      const high = interleaveHigh(r4, r5);
      v128.store64_lane(packPtr, low, 0, 16);
      v128.store64_lane(packPtr, low, 1, 40);
      v128.store64_lane(packPtr, high, 0, 64);
      v128.store64_lane(packPtr, high, 1, 88);
      offset += 16;
      packPtr += 96;
    }
  } else if (aRow == 4 && nRows == 6) {
    for (; left > 0; --left) {
      v128.store(packPtr, v128.load(aPtr + offset));
      store<i64>(packPtr, load<i64>(aPtr + offset, 16), 16);
      offset += aStep;
      packPtr += 24;
    }
  }
  for (; left > 0; --left) {
    store<f32>(packPtr, load<f32>(aPtr + offset));
    store<f32>(packPtr, load<f32>(a1 + offset), 4);
    store<f32>(packPtr, load<f32>(a2 + offset), 8);
    store<f32>(packPtr, load<f32>(a3 + offset), 12);
    store<f32>(packPtr, load<f32>(a4 + offset), 16);
    store<f32>(packPtr, load<f32>(a5 + offset), 20);
    offset += aStep;
    packPtr += 24;
  }
}

/** Panels of 8 columns of B [k, n], each stored [k][8]. Strides in bytes. */
export function packColumns(bPtr: usize, bRow: usize, bStep: usize, k: i32, n: i32, packPtr: usize): void {
  const panel = <usize>k * 32;
  let j = 0;
  if (bStep == 4) {
    // Rows are read along their whole length, four at once: reading a panel's width of each row would touch a new page
    // per line, out of reach of the prefetcher (measured: 4 % of a 512^3 product).
    const full = n & -8;
    let i = 0;
    for (; i + 4 <= k; i += 4) {
      packRowsOfColumns(bPtr + <usize>i * bRow, bRow, full, packPtr + <usize>i * 32, panel);
    }
    for (; i < k; ++i) {
      let b = bPtr + <usize>i * bRow;
      let y = packPtr + <usize>i * 32;
      for (let left = full; left > 0; left -= 8) {
        v128.store(y, v128.load(b));
        v128.store(y, v128.load(b, 16), 16);
        b += 32;
        y += panel;
      }
    }
    j = full;
  }
  for (; j < n; j += 8) {
    packEightColumns(
      bPtr + <usize>j * bStep,
      bRow,
      bStep,
      k,
      min(n - j, 8),
      packPtr + <usize>(j >> 3) * panel,
    );
  }
}

/** Four rows of B, n columns (a multiple of 8): 128 bytes of each panel, panels `panel` bytes apart. */
function packRowsOfColumns(bPtr: usize, bRow: usize, n: i32, packPtr: usize, panel: usize): void {
  let b1 = bPtr + bRow;
  let b2 = b1 + bRow;
  let b3 = b2 + bRow;
  for (; n > 0; n -= 8) {
    v128.store(packPtr, v128.load(bPtr));
    v128.store(packPtr, v128.load(bPtr, 16), 16);
    v128.store(packPtr, v128.load(b1), 32);
    v128.store(packPtr, v128.load(b1, 16), 48);
    v128.store(packPtr, v128.load(b2), 64);
    v128.store(packPtr, v128.load(b2, 16), 80);
    v128.store(packPtr, v128.load(b3), 96);
    v128.store(packPtr, v128.load(b3, 16), 112);
    bPtr += 32;
    b1 += 32;
    b2 += 32;
    b3 += 32;
    packPtr += panel;
  }
}

/** One panel: nColumns (at most 8) columns of B, stored [k][8]. */
export function packEightColumns(
  bPtr: usize,
  bRow: usize,
  bStep: usize,
  k: i32,
  nColumns: i32,
  packPtr: usize,
): void {
  let left = k;
  if (bStep == 4 && nColumns == 8) {
    for (; left > 0; --left) {
      v128.store(packPtr, v128.load(bPtr));
      v128.store(packPtr, v128.load(bPtr, 16), 16);
      bPtr += bRow;
      packPtr += 32;
    }
    return;
  }
  const b1 = nColumns > 1 ? bStep : 0;
  const b2 = b1 + (nColumns > 2 ? bStep : 0);
  const b3 = b2 + (nColumns > 3 ? bStep : 0);
  const b4 = b3 + (nColumns > 4 ? bStep : 0);
  const b5 = b4 + (nColumns > 5 ? bStep : 0);
  const b6 = b5 + (nColumns > 6 ? bStep : 0);
  const b7 = b6 + (nColumns > 7 ? bStep : 0);
  if (bRow == 4) {
    for (; left >= 4; left -= 4) {
      storeTransposed(
        v128.load(bPtr),
        v128.load(bPtr + b1),
        v128.load(bPtr + b2),
        v128.load(bPtr + b3),
        packPtr,
        32,
      );
      storeTransposed(
        v128.load(bPtr + b4),
        v128.load(bPtr + b5),
        v128.load(bPtr + b6),
        v128.load(bPtr + b7),
        packPtr + 16,
        32,
      );
      bPtr += 16;
      packPtr += 128;
    }
  }
  for (; left > 0; --left) {
    store<f32>(packPtr, load<f32>(bPtr));
    store<f32>(packPtr, load<f32>(bPtr + b1), 4);
    store<f32>(packPtr, load<f32>(bPtr + b2), 8);
    store<f32>(packPtr, load<f32>(bPtr + b3), 12);
    store<f32>(packPtr, load<f32>(bPtr + b4), 16);
    store<f32>(packPtr, load<f32>(bPtr + b5), 20);
    store<f32>(packPtr, load<f32>(bPtr + b6), 24);
    store<f32>(packPtr, load<f32>(bPtr + b7), 28);
    bPtr += bRow;
    packPtr += 32;
  }
}
