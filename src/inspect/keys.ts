/**
 * Keys of a cache, for people: some that contain a text, found without holding the program up.
 */
/** As many as somebody reads. */
const MAX_KEYS = 200;
/** The program waits meanwhile. */
const MAX_MS = 20;
const MAX_LOOKS = 20_000;

/** Up to 200 keys that contain `find`, met within 20 ms; those that a cache can still give. */
export function findKeys(keys: Iterable<string | Uint8Array>, find: string): string[] {
  const found: string[] = [];
  const end = performance.now() + MAX_MS;
  let looks = 0;
  try {
    for (const key of keys) {
      const text = typeof key === 'string' ? key : hexOf(key);
      if (text.includes(find)) found.push(text);
      if (found.length === MAX_KEYS || ++looks === MAX_LOOKS || performance.now() > end) break;
    }
  } catch {
    // Poisoned, or disposed meanwhile: there are no keys to be had.
  }
  return found;
}

/** Of a key that is no text. */
function hexOf(bytes: Uint8Array): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
