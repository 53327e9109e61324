/** Short keys: put into bytes without an encoder, as most are ASCII. */

/** Up to this length a key is looked at character by character. */
export const SHORT_KEY = 64;

/** Puts a text into bytes. @returns its length, or 0: it is not all ASCII */
export function putAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return 0;
    bytes[at + i] = code;
  }
  return text.length;
}
