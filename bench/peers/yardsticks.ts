/**
 * Yardsticks: what bare operations cost on this machine, as peers for what is built of them.
 *
 *   kernel add pair    two atomic additions inside a module; 1,024 words in turn, or one (hot)
 *   Atomics add pair   the same from JavaScript
 *   array load         one plain load inside a module, 1,024 words in turn
 *   write words        plain stores in a row inside a module, then zeros: what describes a block
 *   page copy          4 KiB inside a module: two pages over and over (hot), or pages of 64 MiB
 *                      (cold)
 */
import { compileKernel } from '../artifact.ts';
import { Crew } from '../crew.ts';
import type { Request, Setup, Yardstick } from './member.ts';

export const WORDS = 1024;
/** Pages of a block of 2 MiB. */
export const BLOCK_WORDS = 512;
export const HOT_PAGES = 2;
export const COLD_PAGES = 16384;
const THREADS = 2;
/** Of 64 KiB: the words, then 64 MiB for each thread. */
const WASM_PAGES = 1 + (THREADS * COLD_PAGES) / 16;

export class Yardsticks {
  readonly #crew: Crew<Setup, Request>;

  private constructor(crew: Crew<Setup, Request>) {
    this.#crew = crew;
  }

  static async open(): Promise<Yardsticks> {
    const module = compileKernel('yardsticks');
    const shape = { initial: WASM_PAGES, maximum: WASM_PAGES, shared: true };
    const setup: Setup = { module, memory: new WebAssembly.Memory(shape) };
    const file = new URL('./member.ts', import.meta.url);
    return new Yardsticks(await Crew.open<Setup, Request>(file, Array(THREADS).fill(setup)));
  }

  /** ns an operation, the mean of the threads. */
  async measure(
    yardstick: Yardstick,
    things: number,
    threads: number,
    ms: number,
  ): Promise<number> {
    const answers = await this.#crew.ask({ yardstick, things, ms }, threads);
    return answers.reduce((sum, ns) => sum + ns) / threads;
  }

  close(): Promise<void> {
    return this.#crew.close();
  }
}
