// What single cases need: wider tolerances, and cases that are left out, each with its reason.
import type { Tolerance } from "../closeness.ts";

// The stored numbers were computed with 3.1415 for pi.
const coarsePi: Tolerance = { rtol: 0, atol: 1e-4 };

export const tolerances: Readonly<Record<string, Tolerance>> = {
  blackmanwindow_expanded: coarsePi,
  blackmanwindow_symmetric_expanded: coarsePi,
  hammingwindow_expanded: coarsePi,
  hammingwindow_symmetric_expanded: coarsePi,
  hannwindow_expanded: coarsePi,
  hannwindow_symmetric_expanded: coarsePi,
};

const fractional =
  "aligned corners: the stored result spans the fractional size, PyTorch and this library the whole one";
const ties =
  "nearest: a position halfway between two elements goes to the lower there, to the upper in PyTorch";

export const exceptions: Readonly<Record<string, string>> = {
  resize_downsample_scales_cubic_align_corners: fractional,
  resize_downsample_scales_linear_align_corners: fractional,
  resize_downsample_sizes_linear_pytorch_half_pixel:
    "a result of one element is the first element there; PyTorch has long taken the middle",
  resize_downsample_sizes_nearest: ties,
  resize_upsample_sizes_nearest: ties,
};
