// Batched matrix product of the reference backend: the triple loop of its definition, accumulating in doubles.
import type { KernelFamilies } from "../kernels.ts";
import { arrayOf, elementsOf, offsetsOf } from "./memory.ts";

export const matmul: KernelFamilies["matmul"] = (a, b, bias, y) => {
  const [rows, inner] = a.view.shape.slice(-2);
  const columns = b.view.shape[b.view.shape.length - 1];
  const left = arrayOf(a);
  const right = arrayOf(b);
  const aAt = offsetsOf(a);
  const bAt = offsetsOf(b);
  const biases = bias && arrayOf(bias);
  const biasAt = bias && offsetsOf(bias);
  const out = elementsOf(y);
  for (let at = 0; at < out.length; at++) {
    const column = at % columns;
    const row = Math.floor(at / columns) % rows;
    const batch = Math.floor(at / (rows * columns));
    let sum = biases && biasAt ? biases[biasAt[column]] : 0;
    for (let k = 0; k < inner; k++) {
      sum += left[aAt[(batch * rows + row) * inner + k]] * right[bAt[(batch * inner + k) * columns + column]];
    }
    out[at] = sum;
  }
};
