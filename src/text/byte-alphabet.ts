// The 256 bytes as printable characters, as GPT-2 writes them in its vocabulary: a byte that prints stands for itself, the
// others are moved to the characters from U+0100 on ("Ġ" is the blank).

const prints = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** The character of each byte. */
export const byteCharacters: readonly string[] = (() => {
  let moved = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : moved++));
})();

const bytesOfCharacters: ReadonlyMap<string, number> = new Map(
  byteCharacters.map((character, byte) => [character, byte]),
);

/** The alphabet in the order of its code points, which is that of a trained vocabulary. */
export const byteAlphabet: readonly string[] = [...byteCharacters].sort();

/** The bytes that a token stands for; null where it holds other characters. */
export function bytesOfToken(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = bytesOfCharacters.get(token[i]);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}
