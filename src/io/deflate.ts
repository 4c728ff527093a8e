// Deflate streams, by what the runtime brings: Node's zlib where it is there, the web's compression streams elsewhere.
// Inflating never makes more bytes than were announced, whatever the stream holds.
import { DeviceError, FormatError } from "../core/errors.ts";
import { nodeBuiltin } from "../core/runtime.ts";

interface Zlib {
  inflateRawSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
  deflateRawSync(bytes: Uint8Array): Uint8Array;
}

const zlib = (): Promise<Zlib | undefined> => nodeBuiltin<Zlib>("node:zlib");

function streamOf(
  op: string,
  kind: "CompressionStream" | "DecompressionStream",
): ReadableWritablePair<Uint8Array> {
  const Stream = (globalThis as Partial<typeof globalThis>)[kind];
  if (Stream === undefined) {
    throw new DeviceError(
      op,
      `the runtime must offer node:zlib or ${kind}; got neither. Store without compression.`,
    );
  }
  return new Stream("deflate-raw") as ReadableWritablePair<Uint8Array>;
}

/**
 * Inflates a raw deflate stream to exactly `size` bytes.
 *
 * @param source What errors call the stream.
 * @throws FormatError when the stream is damaged or holds more or fewer bytes than `size`.
 */
export async function inflate(
  bytes: Uint8Array,
  size: number,
  source: string,
  op = "inflate",
): Promise<Uint8Array> {
  const node = await zlib();
  return node ? inflateInNode(node, bytes, size, source, op) : inflateOnWeb(bytes, size, source, op);
}

function damaged(op: string, source: string, error: unknown): FormatError {
  const got = error instanceof Error ? error.message : String(error);
  const failure = new FormatError(
    op,
    `${source}: the data must be a deflate stream; got one that is damaged (${got}).`,
  );
  failure.cause = error;
  return failure;
}

const longer = (op: string, source: string, size: number): FormatError =>
  new FormatError(op, `${source}: the data must inflate to ${String(size)} bytes; got more.`);

function checkSize(op: string, source: string, got: number, size: number): void {
  if (got === size) return;
  throw new FormatError(op, `${source}: the data must inflate to ${String(size)} bytes; got ${String(got)}.`);
}

function inflateInNode(node: Zlib, bytes: Uint8Array, size: number, source: string, op: string): Uint8Array {
  let out: Uint8Array;
  try {
    // zlib refuses a limit of 0.
    out = node.inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw longer(op, source, size);
    throw damaged(op, source, error);
  }
  checkSize(op, source, out.length, size);
  return new Uint8Array(out.buffer, out.byteOffset, out.length);
}

/** The way of browsers; apart, so that it can be tested where zlib is. */
export async function inflateOnWeb(
  bytes: Uint8Array,
  size: number,
  source: string,
  op = "inflate",
): Promise<Uint8Array> {
  const { readable, writable } = streamOf(op, "DecompressionStream");
  const writer = (writable as WritableStream<Uint8Array>).getWriter();
  // What goes wrong in writing shows in reading too.
  const written = writer.write(bytes).then(() => writer.close());
  written.catch(() => undefined);
  const reader = readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw damaged(op, source, error);
    });
    if (done) break;
    length += value.length;
    if (length > size) {
      await reader.cancel().catch(() => undefined);
      throw longer(op, source, size);
    }
    parts.push(value);
  }
  checkSize(op, source, length, size);
  return joined(parts, length);
}

/** Deflates bytes to a raw stream. */
export async function deflate(bytes: Uint8Array, op = "deflate"): Promise<Uint8Array> {
  const node = await zlib();
  if (node) return node.deflateRawSync(bytes);
  return deflateOnWeb(bytes, op);
}

/** The way of browsers; apart, so that it can be tested where zlib is. */
export async function deflateOnWeb(bytes: Uint8Array, op = "deflate"): Promise<Uint8Array> {
  const { readable, writable } = streamOf(op, "CompressionStream");
  const writer = (writable as WritableStream<Uint8Array>).getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const reader = readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    parts.push(step.value);
    length += step.value.length;
  }
  await written;
  return joined(parts, length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
