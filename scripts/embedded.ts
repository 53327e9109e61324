/**
 * Embedded: a compiled module as src/border/embedded.ts takes it: without names, deflated, base64.
 *
 * Deflated by Zopfli where every byte counts: 5 % smaller than by zlib, and what inflates the one
 * inflates the other.
 */
import { deflateRawSync } from 'node:zlib';
import { deflateAsync } from '@gfx/zopfli';

/** Source of an `Embedded`. */
export function embedded(wasm: Uint8Array): string {
  const bytes = withoutCustomSections(wasm);
  return source(bytes, deflateRawSync(bytes, { level: 9, memLevel: 9 }));
}

/** The same, smaller, and some seconds slower. */
export async function embeddedSmall(wasm: Uint8Array): Promise<string> {
  const bytes = withoutCustomSections(wasm);
  return source(bytes, await deflateAsync(bytes, { numiterations: 50 }));
}

function source({ length }: Uint8Array, packed: Uint8Array): string {
  const base64 = Buffer.from(packed).toString('base64');
  return `{\n  bytes: ${length},\n  base64:\n    '${base64}',\n}`;
}

/** Names are for people and for the model checker. */
function withoutCustomSections(wasm: Uint8Array): Uint8Array {
  const kept: number[] = [...wasm.subarray(0, 8)];
  let at = 8;
  while (at < wasm.length) {
    const start = at;
    const id = wasm[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
    if (id !== 0) kept.push(...wasm.subarray(start, at));
  }
  return Uint8Array.from(kept);
}
