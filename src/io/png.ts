// PNG images as arrays of bytes in the layout of networks. Decoding is left to the library pngjs; the size that a file
// announces is checked before it is decoded.
import { FormatError, ValueError } from "../core/errors.ts";
import { optionalLibrary } from "./library.ts";

/** What is used of `pngjs`. */
export interface PngLibrary {
  readonly sync: { read(bytes: Uint8Array): { width: number; height: number; data: Uint8Array } };
}

export interface ReadPngOptions {
  /** `PNG` of `pngjs`. Default: it is imported, which needs it to be installed. */
  readonly png?: PngLibrary;
  /** 1: grey (ITU-R BT.601 luma), 3: red, green, blue; 4: with alpha. Default 3. */
  readonly channels?: 1 | 3 | 4;
  /** How many pixels the image may have. Default 2^26. */
  readonly maxPixels?: number;
}

/** Bytes of shape [channels, height, width]: ready for `hostArray` and transforms. */
export interface PngImage {
  readonly data: Uint8Array;
  readonly shape: readonly [channels: number, height: number, width: number];
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Reads a PNG image of any colour type; samples of 16 bits are cut to 8.
 *
 * @param source What errors call the file; its path, say.
 * @throws FormatError when the bytes are no PNG image, or one of more than `maxPixels`; DeviceError when pngjs is neither
 * passed nor installed.
 */
export async function readPng(
  bytes: Uint8Array,
  options: ReadPngOptions = {},
  source = "png",
): Promise<PngImage> {
  const { channels = 3, maxPixels = 2 ** 26 } = options;
  if (![1, 3, 4].includes(channels)) {
    throw new ValueError("readPng", `channels must be 1, 3 or 4; got ${String(channels)}.`);
  }
  const fail = (rule: string, got: string): never => {
    throw new FormatError("readPng", `${source}: ${rule}; got ${got}.`);
  };
  if (bytes.length < 33 || SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    fail(
      "the file must be a PNG image",
      `${String(bytes.length)} bytes that begin with ${[...bytes.subarray(0, 8)].join(" ")}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = view.getUint32(16) * view.getUint32(20);
  if (!(pixels > 0 && pixels <= maxPixels)) {
    fail(`the image must have 1 to ${String(maxPixels)} pixels (maxPixels)`, String(pixels));
  }
  const png = options.png ?? (await optionalLibrary<{ PNG: PngLibrary }>("readPng", "pngjs", "png")).PNG;
  let image: { width: number; height: number; data: Uint8Array };
  try {
    // Node's own class of bytes, where there is one: the library reads its numbers by that.
    const NodeBytes = (
      globalThis as { Buffer?: { from(b: ArrayBufferLike, o: number, n: number): Uint8Array } }
    )["Buffer"];
    const { buffer, byteOffset, length } = bytes;
    image = png.sync.read(NodeBytes ? NodeBytes.from(buffer, byteOffset, length) : bytes);
  } catch (error) {
    return fail("the file must be a PNG image", error instanceof Error ? error.message : String(error));
  }
  const { width, height, data } = image;
  const size = width * height;
  const out = new Uint8Array(channels * size);
  for (let i = 0; i < size; i++) {
    const [red, green, blue] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    if (channels === 1) out[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else for (let c = 0; c < channels; c++) out[c * size + i] = data[4 * i + c];
  }
  return { data: out, shape: [channels, height, width] };
}
