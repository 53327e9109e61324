/**
 * Entries that may be older than the tier's: a change of their key was told that may be one by this
 * very process, of which it is not known which came last.
 *
 * When the key's writes are over each is looked at, or goes, if they do not end. Until then it
 * stays: late news must not remove what is newer here.
 */
import { later } from '../border/timer.ts';
import type { KeyName } from './key-name.ts';
import type { LocalWrites } from './local-writes.ts';

const { performance } = globalThis;

/** How long suspects wait for the write that made them: longer than one usually takes. */
const WAIT_MS = 100;
/** When a suspect is looked at whose writes do not end. */
const LAST_LOOK_MS = 1000;

interface Suspect {
  /** When it became one. */
  readonly since: number;
  /** Of writes of its key, when it was thought of last. */
  count: number;
}

export interface SuspectsHost {
  /** Whether a write of the key waits or is under way. */
  isWritten(name: KeyName): boolean;
  /** Compares it with the tier's. */
  look(name: KeyName): Promise<void>;
}

export class Suspects {
  readonly #writes: LocalWrites;
  readonly #host: SuspectsHost;
  readonly #waitMs: number;
  readonly #lastMs: number;
  readonly #all = new Map<KeyName, Suspect>();
  /** Ends the wait for the next look. */
  #endWait: (() => void) | undefined;

  constructor(writes: LocalWrites, maxStaleMs: number, host: SuspectsHost) {
    this.#writes = writes;
    this.#host = host;
    this.#waitMs = Math.min(WAIT_MS, maxStaleMs / 4);
    this.#lastMs = Math.min(LAST_LOOK_MS, maxStaleMs / 2);
  }

  has(name: KeyName): boolean {
    return this.#all.has(name);
  }

  add(name: KeyName): void {
    if (this.#all.has(name)) return;
    this.#all.set(name, { since: performance.now(), count: this.#countOf(name) });
    this.#endWait ??= this.#lookLater();
  }

  clear(): void {
    this.#endWait?.();
    this.#endWait = undefined;
    this.#all.clear();
  }

  #countOf(name: KeyName): number {
    return this.#writes.count(this.#writes.slotOf(name));
  }

  #lookLater(): () => void {
    const look = (): void => {
      for (const [name, suspect] of this.#all) if (!this.#isBusy(name, suspect)) this.#look(name);
      this.#endWait = this.#all.size > 0 ? this.#lookLater() : undefined;
    };
    return later(look, this.#waitMs, false);
  }

  /** Whether somebody goes on writing it, and not for too long. */
  #isBusy(name: KeyName, suspect: Suspect): boolean {
    const count = this.#countOf(name);
    const isWritten = count !== suspect.count || this.#host.isWritten(name);
    suspect.count = count;
    return isWritten && performance.now() - suspect.since < this.#lastMs;
  }

  #look(name: KeyName): void {
    this.#all.delete(name);
    // Of a zone that is poisoned whoever calls next is told.
    this.#host.look(name).catch(() => undefined);
  }
}
