// [B,T] token array -> time-major [T,B]
export const tmajor = (a, { B, T }) => {
  const o = new a.constructor(a.length);
  for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) o[t * B + b] = a[b * T + t];
  return o;
};
