// Floats of 16 and 8 bits, which exist in files alone: to doubles by a table, from doubles by rounding to the nearest,
// ties to even, once (a detour over float32 would round twice).

export interface SmallFloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  /** Whether the topmost exponent holds numbers too: no infinities then, and one NaN per sign. */
  readonly finite: boolean;
}

export const SMALL_FLOATS = {
  F16: { exponentBits: 5, mantissaBits: 10, finite: false },
  BF16: { exponentBits: 8, mantissaBits: 7, finite: false },
  F8_E5M2: { exponentBits: 5, mantissaBits: 2, finite: false },
  F8_E4M3: { exponentBits: 4, mantissaBits: 3, finite: true },
} as const satisfies Record<string, SmallFloat>;

export type SmallFloatDType = keyof typeof SMALL_FLOATS;

const biasOf = ({ exponentBits }: SmallFloat): number => 2 ** (exponentBits - 1) - 1;

/** The value of one bit pattern. */
export function fromSmallFloat(format: SmallFloat, bits: number): number {
  const { exponentBits, mantissaBits, finite } = format;
  const mantissa = bits & ((1 << mantissaBits) - 1);
  const exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  const sign = bits >> (mantissaBits + exponentBits) ? -1 : 1;
  if (exponent === (1 << exponentBits) - 1) {
    if (!finite) return mantissa === 0 ? sign * Infinity : NaN;
    if (mantissa === (1 << mantissaBits) - 1) return NaN;
  }
  const scale = 2 ** (Math.max(exponent, 1) - biasOf(format) - mantissaBits);
  return sign * ((exponent === 0 ? 0 : 1 << mantissaBits) + mantissa) * scale;
}

/** All values of a format by their bits: exact in float32. */
export function smallFloatTable(format: SmallFloat): Float32Array {
  const count = 2 ** (1 + format.exponentBits + format.mantissaBits);
  return Float32Array.from({ length: count }, (_, bits) => fromSmallFloat(format, bits));
}

const double = new DataView(new ArrayBuffer(8));

/** The exponent of a positive double that is normal there; very small ones come out below every small float's range. */
function exponentOf(value: number): number {
  double.setFloat64(0, value);
  return (double.getUint16(0) >> 4) - 1023;
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/**
 * The nearest bit pattern, of two equally near the even one. What lies beyond the range becomes an infinity, or the
 * largest number in a format that has none.
 */
export function toSmallFloat(format: SmallFloat, value: number): number {
  const { exponentBits, mantissaBits, finite } = format;
  const sign = (value < 0 || Object.is(value, -0) ? 1 : 0) << (mantissaBits + exponentBits);
  const top = ((1 << exponentBits) - 1) << mantissaBits;
  const nan = top + (finite ? (1 << mantissaBits) - 1 : 1 << (mantissaBits - 1));
  if (Number.isNaN(value)) return nan;
  const size = Math.abs(value);
  const bias = biasOf(format);
  const beyond = finite ? nan - 1 : top;
  if (size === Infinity) return sign + beyond;
  const exponent = Math.max(exponentOf(size), 1 - bias);
  const steps = roundToEven(size / 2 ** (exponent - mantissaBits));
  // A mantissa that rounds up to the next power of two carries into the exponent by itself; so does a denormal.
  const bits = steps + ((exponent + bias - 1) << mantissaBits);
  return sign + Math.min(bits, beyond);
}
