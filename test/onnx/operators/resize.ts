// ONNX operators that scale images, as far as the library's interpolation follows the same coordinates.
import { interpolate } from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Invocation, Operators } from "../invocation.ts";

type Options = Parameters<typeof interpolate>[1];

/** Which of the library's modes works with these coordinates. */
function modeOf(call: Invocation): Pick<Options, "mode" | "alignCorners"> {
  const mode = call.text("mode", "nearest");
  const places = call.text("coordinate_transformation_mode", "half_pixel");
  const aligned = places === "align_corners";
  if (mode === "nearest") {
    const rounding = call.text("nearest_mode", "round_prefer_floor");
    if (call.node.operator === "Upsample" || (places === "asymmetric" && rounding === "floor"))
      return { mode: "nearest" };
    if (places === "half_pixel" && rounding === "round_prefer_floor") return { mode: "nearestExact" };
    return call.beyond(`nearest by ${places}, ${rounding}`);
  }
  if (!aligned && places !== "half_pixel" && places !== "pytorch_half_pixel")
    return call.beyond(`coordinates by ${places}`);
  if (mode === "linear") return { mode: "bilinear", alignCorners: aligned };
  if (call.number("cubic_coeff_a", -0.75) !== -0.75 || call.number("exclude_outside", 0) !== 0)
    return call.beyond("another cubic kernel");
  return { mode: "bicubic", alignCorners: aligned };
}

function resize(call: Invocation): Tensor {
  const [scales, sizes] =
    call.node.operator === "Upsample" ? [call.list("scales", 1), null] : [call.values(2), call.values(3)];
  const chosen = modeOf(call);
  if (sizes?.length) return interpolate(call.x(), { size: sizes.slice(2), ...chosen });
  return interpolate(call.x(), { scaleFactor: scales!.slice(2), ...chosen });
}

export const resizing: Operators = { Resize: resize, Upsample: resize };
