/*
 * Copies images into their padded form. The padding itself is written once by the caller (the buffer starts as zeros)
 * and never touched: every image of a range has its data in the same places.
 */
import { Plan } from "./conv-tables";
import { bytes } from "./simd";

/**
 * Channels [first, last) of nImages images, imageBytes apart at xPtr (the address of channel 0), to padded planes at
 * yPtr (also that of channel 0), images plan.sourceImageBytes apart.
 */
export function padImages(
  plan: Plan,
  xPtr: usize,
  imageBytes: usize,
  nImages: i32,
  first: i32,
  last: i32,
  yPtr: usize,
): void {
  const rawRow = bytes(plan.rawW);
  const planeRow = bytes(plan.planeW);
  // A plane that ends before the data does is a crop: a stride may leave the last elements unread.
  const nD = min(plan.rawD, plan.planeD - plan.beforeD);
  const nH = min(plan.rawH, plan.planeH - plan.beforeH);
  const nW = min(plan.rawW, plan.planeW - plan.beforeW);
  for (let image = 0; image < nImages; ++image) {
    for (let c = first; c < last; ++c) {
      for (let a = 0; a < nD; ++a) {
        let x = xPtr + <usize>(c * plan.rawD + a) * <usize>plan.rawH * rawRow;
        const row = (c * plan.planeD + a + plan.beforeD) * plan.planeH + plan.beforeH;
        let y = yPtr + <usize>row * planeRow + bytes(plan.beforeW);
        for (let b = 0; b < nH; ++b) {
          copyRow(x, y, nW);
          x += rawRow;
          y += planeRow;
        }
      }
    }
    xPtr += imageBytes;
    yPtr += plan.sourceImageBytes;
  }
}

/** The last vector overlaps the one before, which costs less than a loop over the rest. */
@inline
export function copyRow(xPtr: usize, yPtr: usize, n: i32): void {
  if (n >= 4) {
    const last = bytes(n - 4);
    for (let i: usize = 0; i < last; i += 16) v128.store(yPtr + i, v128.load(xPtr + i));
    v128.store(yPtr + last, v128.load(xPtr + last));
    return;
  }
  for (; n > 0; --n) {
    store<f32>(yPtr, load<f32>(xPtr));
    xPtr += 4;
    yPtr += 4;
  }
}
