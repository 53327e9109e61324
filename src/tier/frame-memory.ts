/**
 * Memory of frames that wait to be written: chunks that frames share, and that are used again.
 *
 * A Buffer for each frame would cost as much as the copy. Chunks that are left to the collector
 * cost more: after the milliseconds that frames wait they are old, and it takes a look at the whole
 * heap each few thousand frames to find them.
 *
 *   live    frames of a chunk that nobody has released yet; none: it is used again
 *   shared  what is in chunks. It leaves as a copy: whom it is given to may keep it, and who reads
 *           it later must not find another frame there
 *   own     frames too long for a chunk, and copies: never used again
 */
import { alignUp } from '../border/align.ts';

/** Some fifty frames of 600 bytes. */
const CHUNK_BYTES: number = 32 * 1024;
/** Longer ones have memory of their own: an eighth of a chunk may be left over. */
const MOST_SHARED: number = CHUNK_BYTES / 8;
/** Of the bytes that may wait, those kept for use: what the queue held at a bad time goes back. */
const MOST_SPARE: number = 1 / 4;

interface Chunk {
  readonly bytes: Buffer;
  /** The same, for heads: frames begin at multiples of 8. */
  readonly words: Int32Array;
  readonly isShared: boolean;
  live: number;
}

/** Where a frame is. */
export interface PackedFrame {
  readonly chunk: Chunk;
  readonly at: number;
  readonly length: number;
}

/** Its bytes; of a shared one lent, until it is released. */
export function bytesOf({ chunk, at, length }: PackedFrame): Buffer {
  return chunk.bytes.subarray(at, at + length);
}

export class FrameMemory {
  /** Chunks. */
  readonly #mostSpare: number;
  #chunk: Chunk = chunkOf(0, true);
  /** Of the chunk, what is used. */
  #used = 0;
  readonly #spare: Chunk[] = [];
  /** Chunks in which somebody has a frame, and the one that is being filled. */
  #held = 0;

  /** @param maxBytes  of frames that may wait */
  constructor(maxBytes: number = 2 ** 24) {
    this.#mostSpare = Math.ceil((maxBytes * MOST_SPARE) / CHUNK_BYTES);
  }

  /** Bytes of chunks that cannot be used again: one frame that waits long holds all of one. */
  get heldBytes(): number {
    return this.#held * CHUNK_BYTES;
  }

  /** Room for a frame, to be released once. */
  take(length: number): PackedFrame {
    if (length > MOST_SHARED) return { chunk: chunkOf(length, false), at: 0, length };
    if (this.#used + length > this.#chunk.bytes.length) {
      this.#chunk = this.#spare.pop() ?? chunkOf(CHUNK_BYTES, true);
      this.#used = 0;
      this.#held++;
    }
    const at = this.#used;
    this.#used += alignUp(length, 8);
    this.#chunk.live++;
    return { chunk: this.#chunk, at, length };
  }

  /** Nobody looks at it any more. */
  release({ chunk }: PackedFrame): void {
    if (!chunk.isShared) return;
    chunk.live--;
    if (chunk.live > 0) return;
    if (chunk === this.#chunk) {
      this.#used = 0;
      return;
    }
    this.#held--;
    if (this.#spare.length < this.#mostSpare) this.#spare.push(chunk);
  }

  /** Releases a frame. @returns the same beside those that were moved or made last */
  move(frame: PackedFrame): PackedFrame {
    if (!frame.chunk.isShared) return frame;
    const moved = this.take(frame.length);
    frame.chunk.bytes.copy(moved.chunk.bytes, moved.at, frame.at, frame.at + frame.length);
    this.release(frame);
    return moved;
  }

  /** Releases frames. @returns the same in memory of their own, one for all */
  takeOut(frames: readonly PackedFrame[]): PackedFrame[] {
    let length = 0;
    for (const frame of frames) if (frame.chunk.isShared) length += frame.length;
    const chunk = chunkOf(length, false);
    let at = 0;
    return frames.map((frame) => {
      if (!frame.chunk.isShared) return frame;
      frame.chunk.bytes.copy(chunk.bytes, at, frame.at, frame.at + frame.length);
      this.release(frame);
      const copy = { chunk, at, length: frame.length };
      at += frame.length;
      return copy;
    });
  }
}

function chunkOf(bytes: number, isShared: boolean): Chunk {
  const memory = Buffer.allocUnsafeSlow(bytes);
  const words = new Int32Array(memory.buffer, 0, bytes >>> 2);
  return { bytes: memory, words, isShared, live: 0 };
}
