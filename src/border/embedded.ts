/**
 * Embedded: compiled modules as they lie in the package, deflated and as base64, a part of the
 * code.
 *
 * So one import works in Node, in bundlers and in browsers, with no file to find or to serve.
 * Deflated first, because a compressor on the way cannot see through base64. What is Node's alone
 * is asked of `globalThis`: for a bare `Buffer` or `process` Parcel brings a polyfill to pages.
 */
import { inflate } from './inflate.ts';

export interface Embedded {
  /** Of the module. */
  readonly bytes: number;
  readonly base64: string;
}

/** The module. Cost: under a millisecond where there is zlib, some milliseconds elsewhere. */
export function unpack({ bytes, base64 }: Embedded): Uint8Array<ArrayBuffer> {
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (zlib) return new Uint8Array(zlib.inflateRawSync(globalThis.Buffer.from(base64, 'base64')));
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return inflate(packed, bytes);
}
