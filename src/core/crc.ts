// Checksums that file formats ask for: CRC-32 (zip) and CRC-32C (records of TensorBoard). They tell damage from content,
// nothing more.

/** One entry per byte for a reflected polynomial. */
function crcTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest >>> 0;
  });
}

const IEEE = crcTable(0xedb88320);
const CASTAGNOLI = crcTable(0x82f63b78);

function crc(table: Uint32Array, bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) rest = table[(rest ^ bytes[i]) & 255] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

/** CRC-32 with the IEEE polynomial, as zip, gzip and PNG use it. */
export const crc32 = (bytes: Uint8Array): number => crc(IEEE, bytes);

/** CRC-32C with the Castagnoli polynomial. */
export const crc32c = (bytes: Uint8Array): number => crc(CASTAGNOLI, bytes);
