/**
 * Names the class of an execution: what is equal for executions that differ only in the order of
 * steps without conflict.
 *
 * For each word, and the sleepers of each word, it is the order of the writes and, between two of
 * them, which steps read. Written without vector clocks, to judge the search that uses them. It
 * knows neither kills nor time-outs.
 */
import type { EngineEvent, Observer } from '../observer.ts';

interface Place {
  /** Closed groups: a write, or the readers between two writes. */
  groups: string[];
  readers: Set<string>;
}

export class TraceKey implements Observer {
  readonly #words: () => Uint32Array;
  #places = new Map<string, Place>();
  #made: number[] = [];
  #step = '';
  #cas: { address: number; before: number | undefined } | null = null;

  constructor(words: () => Uint32Array) {
    this.#words = words;
  }

  begin(): void {
    this.#places = new Map();
    this.#made = [];
    this.#step = '';
    this.#cas = null;
  }

  observe(event: EngineEvent): void {
    this.#closeCas();
    const { kind, thread } = event;
    const isStep =
      (kind === 'access' && event.site.atomic) ||
      kind === 'wait' ||
      kind === 'notify' ||
      kind === 'resume';
    if (isStep) {
      this.#made[thread] = (this.#made[thread] ?? 0) + 1;
      this.#step = `${thread}.${this.#made[thread]}`;
    }
    if (this.#step === '') return;
    if (kind === 'wait') this.#touch(`word ${event.address >>> 2}`, false);
    if (kind === 'wait' && event.parked) this.#touch(`queue ${event.address}`, true);
    if (kind === 'notify') this.#touch(`queue ${event.address}`, event.woken.length > 0);
    if (kind === 'access') this.#access(event);
  }

  #access({ site, address, length }: Extract<EngineEvent, { kind: 'access' }>): void {
    if (site.op === 'cas') {
      this.#cas = { address, before: this.#words()[address >>> 2] };
      return;
    }
    for (let word = address >>> 2; word <= (address + length - 1) >>> 2; word++) {
      this.#touch(`word ${word}`, site.writes);
    }
  }

  #closeCas(): void {
    if (this.#cas === null) return;
    const { address, before } = this.#cas;
    this.#cas = null;
    this.#touch(`word ${address >>> 2}`, before !== this.#words()[address >>> 2]);
  }

  #touch(name: string, writes: boolean): void {
    const place = this.#places.get(name) ?? { groups: [], readers: new Set<string>() };
    this.#places.set(name, place);
    if (place.groups.at(-1) === this.#step && place.readers.size === 0) return;
    if (!writes) {
      place.readers.add(this.#step);
      return;
    }
    place.readers.delete(this.#step);
    place.groups.push([...place.readers].sort().join(','), this.#step);
    place.readers.clear();
  }

  /** The key of the execution that has just ended. */
  take(): string {
    this.#closeCas();
    const lines = [...this.#places].map(([name, { groups, readers }]) => {
      return `${name}: ${groups.join('; ')}; ${[...readers].sort().join(',')}`;
    });
    return lines.sort().join('\n');
  }
}
