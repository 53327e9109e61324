/** Frames of a tier (src/tier/frame.ts) that hold a text, stored raw in one block. */

const HEAD_BYTES = 40;

/** The block of a text in Latin-1: its length, no checksum, and its bytes. */
export function blockOf(text: string): Buffer {
  const block = Buffer.alloc(8 + text.length);
  block.writeUInt32LE(text.length, 0);
  block.write(text, 8, 'latin1');
  return block;
}

/** What the frame of such a block holds. */
export function textOf(frame: Uint8Array): string {
  return Buffer.from(frame).toString('latin1', HEAD_BYTES);
}
