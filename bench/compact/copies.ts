/** What copying alone costs: pages of a memory as large as the zone that is compacted. */
import * as facts from '../../src/generated/facts.ts';
import { compileKernel } from '../artifact.ts';

/** Copies in one call. */
const PASS = 1000;

type CopyPages = (start: number, pages: number, copies: number, thread: number) => void;

/**
 * Copies random pages, 4 KiB each, all of them touched before. The footprint matters: what fits
 * into the last cache is copied five times as fast as what does not.
 */
export class PageCopies {
  readonly #copyPages: CopyPages;
  readonly #pages: number;
  #start = 0;

  /** `bytes` is a power of two. */
  constructor(bytes: number) {
    this.#pages = bytes / facts.PAGE_BYTES;
    // The module keeps words in the first 64 KiB, and asks for 64 times as much.
    const size = Math.max(64, 1 + bytes / 65536);
    const memory = new WebAssembly.Memory({ initial: size, maximum: size, shared: true });
    const all = new Uint8Array(memory.buffer);
    for (let at = 0; at < all.length; at += facts.PAGE_BYTES) all[at] = 1;
    const instance = new WebAssembly.Instance(compileKernel('yardsticks'), { env: { memory } });
    this.#copyPages = (instance.exports as unknown as { copyPages: CopyPages }).copyPages;
  }

  /** @returns ns a page, the mean of `copies` */
  measure(copies: number): number {
    const start = performance.now();
    for (let done = 0; done < copies; done += PASS) {
      this.#copyPages(this.#start, this.#pages, PASS, 0);
      this.#start = (this.#start + PASS) % this.#pages;
    }
    return ((performance.now() - start) * 1e6) / copies;
  }
}
