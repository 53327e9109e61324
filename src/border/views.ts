/** Views of memory: in Node Buffers, which write and read text in place. */
export const NodeBuffer: typeof Buffer | undefined = globalThis.Buffer;

/** All bytes of a memory: the view that everything lent is a part of. */
export function viewOf(memory: ArrayBufferLike): Uint8Array {
  return NodeBuffer ? NodeBuffer.from(memory) : new Uint8Array(memory);
}
