/**
 * Stored blocks on their way out of the zone and into it: what a second tier keeps, and a file.
 *
 * As transfer.ts carries values, this carries blocks as they are stored, each with its head,
 * through the same scratch (kernel/cache/stored.ts). Nothing is compressed anew; what comes in is
 * proven to decode before it is taken.
 */

import type { KernelExports } from '../../border/kernel.ts';
import { viewOf } from '../../border/views.ts';
import * as facts from '../../generated/facts.ts';
import { placeBytes } from '../../language/copies.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import { MISS_AFTER } from './incoming.ts';
import { appendAnew } from './outgoing.ts';
import { OutputViews } from './output-views.ts';

/** An entry as it is stored; the blocks are copies, if they are not lent. */
export interface StoredEntry {
  readonly blocks: Uint8Array[];
  readonly valueBytes: number;
  /** Zone time; 0: never. */
  readonly expiry: number;
}

/** A block that is to be stored, and how many bytes of value it holds. */
export interface StoredBlock {
  readonly stored: Uint8Array;
  readonly valueBytes: number;
}

export class StoredBlocks {
  readonly #kernel: KernelExports;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #large: LargeScratch;
  readonly #output: OutputViews;

  /** The thread has its scratch already. */
  constructor(kernel: KernelExports, memory: WebAssembly.Memory) {
    this.#kernel = kernel;
    this.#bytes = viewOf(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#large = largeScratchOf(kernel);
    this.#large.settle();
    this.#output = new OutputViews(kernel, this.#bytes, this.#large);
  }

  /** The block in the output scratch, lent: also after a `set` by LZ4 of a small one. */
  get lent(): Uint8Array {
    return this.#output.view(
      facts.BLOCK_HEAD_BYTES + (this.#words[this.#output.at >>> 2]! & ~facts.RAW),
    );
  }

  /**
   * The value of the block that was added or decoded last, lent: of an entry that has one. After
   * an `add` it must be a small one.
   */
  decoded(valueBytes: number): Uint8Array {
    return this.#output.view(valueBytes);
  }

  #put({ stored }: StoredBlock): void {
    placeBytes(this.#bytes, this.#kernel.inputScratch() >>> 0, stored);
  }

  /** Calls `use`, with a large scratch if a block needs it. */
  #withRoom<R>(blocks: readonly StoredBlock[], use: () => R): R {
    return blocks.every(isSmall) ? use() : this.#large.during(use);
  }

  /** The entry of the key in the scratch, at a zone time. Not counted as a hit or miss. */
  read(keyBytes: number, now: number): StoredEntry | undefined {
    return this.#large.during(() => this.#read(keyBytes, now, false));
  }

  /** Gives it to `use`, and lends it the block of an entry that has one. */
  lend<R>(keyBytes: number, now: number, use: (entry: StoredEntry) => R): R | undefined {
    return this.#large.during(() => {
      const entry = this.#read(keyBytes, now, true);
      return entry && use(entry);
    });
  }

  #read(keyBytes: number, now: number, isLent: boolean): StoredEntry | undefined {
    for (let attempt = 0; attempt < MISS_AFTER; attempt++) {
      const valueBytes = this.#kernel.getStored(keyBytes, now);
      if (valueBytes < 0) return undefined;
      const expiry = this.#kernel.storedExpiry();
      const isOne = valueBytes <= facts.BLOCK_BYTES;
      const blocks = isLent && isOne ? [this.lent] : this.#readBlocks(valueBytes);
      if (blocks) return { blocks, valueBytes, expiry };
    }
    return undefined;
  }

  #readBlocks(valueBytes: number): Uint8Array[] | undefined {
    const blocks = [new Uint8Array(this.lent)];
    for (let left = valueBytes - facts.BLOCK_BYTES; left > 0; left -= facts.BLOCK_BYTES) {
      if (this.#kernel.getMoreStored() < 0) return undefined;
      blocks.push(new Uint8Array(this.lent));
    }
    return blocks;
  }

  /**
   * Stores an entry under the key in the scratch, unless it has one.
   *
   * @returns `'damaged'`: a block is none; `'refused'`: the key has an entry, or there is no
   * memory. Nothing has changed then
   */
  add(
    keyBytes: number,
    blocks: readonly StoredBlock[],
    valueBytes: number,
    expiry: number,
    fresh = 0,
  ): 'kept' | 'refused' | 'damaged' {
    return this.#withRoom(blocks, () => this.#add(keyBytes, blocks, valueBytes, expiry, fresh));
  }

  #add(
    keyBytes: number,
    blocks: readonly StoredBlock[],
    valueBytes: number,
    expiry: number,
    fresh: number,
  ): 'kept' | 'refused' | 'damaged' {
    if (fresh !== 0) this.#kernel.describeNext(keyBytes, fresh, 0, this.#kernel.tagClock(), 0);
    const begun = this.#kernel.beginSetIf(facts.IF_ABSENT, 0, keyBytes, valueBytes, expiry);
    if (begun !== 0) return 'refused';
    const failure = appendAnew(() => this.#append(blocks));
    if (failure < 0) return failure === facts.ERR_ARGUMENT ? 'damaged' : 'refused';
    return this.#kernel.commitSet() === 0 ? 'kept' : 'refused';
  }

  /** @returns 0, or ERR_… */
  #append(blocks: readonly StoredBlock[]): number {
    let failure = 0;
    for (let i = 0; i < blocks.length && failure === 0; i++) {
      this.#put(blocks[i]!);
      failure = this.#kernel.appendStored(blocks[i]!.stored.length, blocks[i]!.valueBytes);
    }
    return failure;
  }

  /** The value that blocks hold, without storing them; undefined if one is damaged. */
  decode(blocks: readonly StoredBlock[], valueBytes: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#withRoom(blocks, () => this.#decode(blocks, valueBytes));
  }

  #decode(blocks: readonly StoredBlock[], valueBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const value = new Uint8Array(valueBytes);
    let at = 0;
    for (const block of blocks) {
      this.#put(block);
      if (this.#kernel.decodeStored(block.stored.length, block.valueBytes) === 0) return undefined;
      value.set(this.decoded(block.valueBytes), at);
      at += block.valueBytes;
    }
    return value;
  }
}

/** Whether a block crosses through the thread's own scratch. */
export function isSmall({ stored, valueBytes }: StoredBlock): boolean {
  return Math.max(stored.length - facts.BLOCK_HEAD_BYTES, valueBytes) <= facts.SMALL_BLOCK_BYTES;
}
