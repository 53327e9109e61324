/**
 * Finds accesses to memory that is nobody's: freed, or never given out.
 *
 * What is allocated, the program under test writes down itself (bits, counts, types). So there is
 * no second book to keep: a *judge* that knows the program's words looks at them before each access
 * and says why these bytes must not be touched now, if they must not. A pointer kept longer than
 * what it points to is found in the schedule in which the memory is freed and not yet reused.
 */
import { Violation } from './failure.ts';
import type { AccessEvent, EngineEvent, MachineView, Observer } from './observer.ts';
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

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  open(view: MachineView): void {
    this.#view = view;
  }

  observe(event: EngineEvent): void {
    if (event.kind !== 'access' || event.length === 0) return;
    const { thread, site, address, length } = event;
    const { words, threadNames, nameOf } = this.#view;
    // What lies outside the memory traps.
    if (address + length > words.byteLength) return;
    const complaint = this.#judge(words, address, length, site, this.#look);
    if (complaint === '') return;
    const access = `${threadNames[thread]} ${describeOp(site)} in ${site.functionName}`;
    throw new Violation(`${access} touches ${complaint}: ${nameOf(address)}, ${length} bytes`);
  }

  guards({ site, address, length }: AccessEvent, visit: (word: number) => void): void {
    const { words } = this.#view;
    if (length === 0 || address + length > words.byteLength) return;
    this.#visit = visit;
    this.#judge(words, address, length, site, this.#lookAndTell);
  }
}
