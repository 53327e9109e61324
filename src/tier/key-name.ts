/**
 * Names of keys: the key's bytes as a text of one character a byte, so that a Map can hold them and
 * a text in ASCII, as most keys are, is its own name.
 *
 * A *slot* is a place in tables that threads share, by a hash of the name.
 */
import { FNV_BASIS, fnv } from './fnv.ts';

/** Characters that UTF-8 writes as one byte, themselves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is meant
const ASCII = /^[\x00-\x7f]*$/;

export type KeyName = string;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

export function nameOf(key: string | Uint8Array): KeyName {
  if (typeof key === 'string') {
    return isAscii(key) ? key : Buffer.from(key, 'utf8').toString('latin1');
  }
  return bufferOf(key).toString('latin1');
}

/** The same memory as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The key's bytes, in memory of their own. */
export function bytesOfName(name: KeyName): Buffer {
  return Buffer.from(name, 'latin1');
}

export function hashOf(name: KeyName): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < name.length; i++) hash = fnv(hash, name.charCodeAt(i));
  return hash;
}

/** The same of a key's first bytes, of which a name would be made. */
export function hashOfBytes(key: Uint8Array, length: number): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < length; i++) hash = fnv(hash, key[i]!);
  return hash;
}

/** The slot of a hash: with the hash's upper 20 bits it tells the hash. */
export function slotOf(hash: number, slots: number): number {
  return (hash ^ (hash >>> 16)) & (slots - 1);
}
