/**
 * Finds accesses to memory that is nobody's: freed, or never given out.
 *
 * What is allocated, the program under test writes down itself (bits, counts, types). So there is
 * no second book to keep: a *judge* that knows the program's words looks at them before each access
 * and says why these bytes must not be touched now, if they must not. A pointer kept longer than
 * what it points to is found in the schedule in which the memory is freed and not yet reused.
 */
import { Violation } from './failure.ts';
import type { AccessEvent, MachineView, Observer } from './observer.ts';
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

  /** What `guards` was asked about, and the answer: the same access is observed after that. */
  #judged: AccessEvent | undefined;
  #complaint = '';

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  open(view: MachineView): void {
    this.#view = view;
  }

  observe(): void {}

  access(event: AccessEvent): void {
    const complaint = event === this.#judged ? this.#complaint : this.#ask(event, this.#look);
    if (complaint === '') return;
    const { thread, site, address, length } = event;
    const { threadNames, nameOf } = this.#view;
    const access = `${threadNames[thread]} ${describeOp(site)} in ${site.functionName}`;
    throw new Violation(`${access} touches ${complaint}: ${nameOf(address)}, ${length} bytes`);
  }

  guards(access: AccessEvent, visit: (word: number) => void): void {
    this.#visit = visit;
    this.#complaint = this.#ask(access, this.#lookAndTell);
    this.#judged = access;
  }

  #ask({ site, address, length }: AccessEvent, look: Look): string {
    const { words } = this.#view;
    // What lies outside the memory traps.
    if (length === 0 || address + length > words.byteLength) return '';
    return this.#judge(words, address, length, site, look);
  }
}
