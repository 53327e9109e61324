/**
 * Finds accesses to memory that is nobody's: freed, or never given out.
 *
 * What is allocated, the program under test writes down itself (bits, counts, types). So there is
 * no second book to keep: a *judge* that knows the program's words looks at them before each access
 * and says why these bytes must not be touched now, if they must not. A pointer kept longer than
 * what it points to is found in the schedule in which the memory is freed and not yet reused.
 */
import { Violation } from './failure.ts';
import type { MachineView, Observer } from './observer.ts';
import { describeOp, type Site } from './site.ts';

/** The 32-bit word with this index, on which the verdict depends and which others may change. */
export type Look = (index: number) => number;

/** Says what the bytes are if they must not be touched, else ''. */
export type Judge = (
  words: Uint32Array,
  address: number,
  length: number,
  site: Site,
  look: Look,
) => string;

export class LifetimeChecker implements Observer {
  readonly #judge: Judge;
  #view!: MachineView;
  readonly #look: Look = (index) => this.#view.words[index] ?? 0;
  #visit: (word: number) => void = () => {};
  readonly #lookAndTell: Look = (index) => {
    this.#visit(index);
    return this.#view.words[index] ?? 0;
  };

  /** Whether `guards` was asked, and the answer: the same access is observed next. */
  #isJudged = false;
  #complaint = '';

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  open(view: MachineView): void {
    this.#view = view;
  }

  begin(): void {
    this.#isJudged = false;
  }

  observe(): void {}

  access(thread: number, site: Site, address: number, length: number): void {
    const known = this.#isJudged;
    this.#isJudged = false;
    const complaint = known ? this.#complaint : this.#ask(site, address, length, this.#look);
    if (complaint === '') return;
    const { threadNames, nameOf } = this.#view;
    const access = `${threadNames[thread]} ${describeOp(site)} in ${site.functionName}`;
    throw new Violation(`${access} touches ${complaint}: ${nameOf(address)}, ${length} bytes`);
  }

  guards(site: Site, address: number, length: number, visit: (word: number) => void): void {
    this.#visit = visit;
    this.#complaint = this.#ask(site, address, length, this.#lookAndTell);
    this.#isJudged = true;
  }

  #ask(site: Site, address: number, length: number, look: Look): string {
    const { words } = this.#view;
    // What lies outside the memory traps.
    if (length === 0 || address + length > words.byteLength) return '';
    return this.#judge(words, address, length, site, look);
  }
}
