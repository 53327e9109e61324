/**
 * Finds data races: accesses that no synchronisation orders, in any execution that is run.
 *
 * Looking at one schedule after the other is enough only if all racing accesses are atomic: plain
 * ones may be reordered by the machine or the optimiser, where no schedule shows it. So each
 * execution is judged by the memory model of WebAssembly and ECMA-262, whatever values it saw.
 *
 * *Happens before*: the order within a thread, and
 *   - an atomic write before each atomic read of the same range that reads from it. Another write
 *     into the range ends that; a read-modify-write has itself read from the one before it, and so
 *     passes on what it knows
 *   - a notify before what its sleepers do when they wake
 *   - all that a killed thread did before its recovery, which begins with the proof of its death
 *   - the setup before everything
 * A compare-and-swap that fails only reads. Whether it did shows at the next event; one that
 * replaces a value by itself passes for failed.
 *
 * A race that the list allows is passed over. Of the accesses of one thread and kind to a byte only
 * the last is remembered, so an allowed race can hide another one of the same byte in this
 * execution, though not in all of them.
 */
import { AccessHistory, type OnConflict } from './access-history.ts';
import type { EngineEvent, MachineView, Observer } from './observer.ts';
import {
  type AllowedRace,
  findAllowed,
  type Race,
  RaceViolation,
  type RacingAccess,
} from './race.ts';
import type { Site } from './site.ts';
import { ThreadClocks } from './thread-clocks.ts';

export interface RaceOptions {
  allowed?: readonly AllowedRace[];
  /**
   * Told of each race, once for its two sites and its place, and of the entry that allows it.
   * Whoever answers true lets it pass; without this, races that are not allowed are failures.
   */
  onRace?: (race: Race, allowed: AllowedRace | undefined) => boolean;
  /** Told of two accesses that are no race because both are atomic: nothing else orders them. */
  onNear?: (first: Site, second: Site) => void;
}

export class RaceDetector implements Observer {
  readonly #options: RaceOptions;
  #view!: MachineView;
  #clocks!: ThreadClocks;
  #history!: AccessHistory;
  readonly #onNear: OnConflict | undefined;
  /** A compare-and-swap whose outcome is not known yet: its access, or -1; and what it found. */
  #cas = -1;
  #casLow = 0;
  #casHigh = 0;
  /** Addresses of races that may be, by their sites: they come again in every execution. */
  readonly #passed = new Map<number, Set<number>>();

  constructor(options: RaceOptions = {}) {
    this.#options = options;
    const { onNear } = options;
    if (onNear === undefined) return;
    const siteOf = (access: number): Site => this.#view.sites[this.#history.siteOf(access)]!;
    this.#onNear = (_isMixed, first, second) => onNear(siteOf(first), siteOf(second));
  }

  open(view: MachineView): void {
    const threads = view.threadNames.length;
    this.#view = view;
    this.#clocks = new ThreadClocks(threads);
    this.#history = new AccessHistory(this.#clocks, threads, (isMixed, first, second, address) =>
      this.#judge(isMixed, first, second, address),
    );
    this.#passed.clear();
  }

  begin(): void {
    this.#clocks.clear();
    this.#history.clear();
    this.#cas = -1;
  }

  access(thread: number, site: Site, address: number, length: number): void {
    if (this.#cas >= 0) this.#settle();
    this.#access(thread, site, address, length);
  }

  observe(event: EngineEvent): void {
    if (this.#cas >= 0) this.#settle();
    switch (event.kind) {
      case 'wait':
        this.#access(event.thread, event.site, event.address, event.site.width);
        break;
      case 'notify':
        this.#clocks.notify(event.thread, event.woken);
        break;
      case 'resume':
        this.#clocks.wake(event.thread, event.timedOut);
        break;
      case 'recover':
        this.#clocks.inherit(event.thread, event.victim);
        break;
    }
  }

  // --- accesses --------------------------------------------------------------------------------

  #access(thread: number, site: Site, address: number, length: number): void {
    // What lies outside the memory traps, and so does what is atomic and not aligned.
    if (length === 0 || address + length > this.#view.words.byteLength) return;
    if (!site.atomic) {
      this.#history.plain(thread, site, address, length);
    } else if (address % length === 0) {
      this.#atomic(thread, site, address, length);
    }
  }

  #atomic(thread: number, site: Site, address: number, length: number): void {
    const access = this.#history.add(thread, site, address, length);
    if (this.#onNear !== undefined) this.#history.tellNear(access, site.writes, this.#onNear);
    if (site.reads) {
      const published = this.#history.publishedFor(access);
      if (published > 0) this.#clocks.acquire(thread, published);
    }
    if (site.op === 'cas') {
      this.#cas = access;
      this.#casLow = this.#view.words[address >>> 2]!;
      this.#casHigh = this.#highWord(access);
    }
    if (site.writes && site.op !== 'cas') this.#write(access);
    else this.#history.atomicRead(access);
  }

  #write(access: number): void {
    const thread = this.#history.threadOf(access);
    this.#history.atomicWrite(access, this.#clocks.publish(thread));
    this.#clocks.advance(thread);
  }

  #highWord(access: number): number {
    const { words } = this.#view;
    const isWide = this.#history.lengthOf(access) === 8;
    return isWide ? words[(this.#history.addressOf(access) >>> 2) + 1]! : 0;
  }

  /** Finds out what became of the last compare-and-swap. */
  #settle(): void {
    const access = this.#cas;
    this.#cas = -1;
    const low = this.#view.words[this.#history.addressOf(access) >>> 2];
    if (low !== this.#casLow || this.#highWord(access) !== this.#casHigh) this.#write(access);
  }

  // --- judging ---------------------------------------------------------------------------------

  #judge(isMixed: boolean, first: number, second: number, address: number): void {
    const [one, other] = [this.#history.siteOf(first), this.#history.siteOf(second)];
    const sites = (one * this.#view.sites.length + other) * 2 + Number(isMixed);
    let passed = this.#passed.get(sites);
    if (passed?.has(address)) return;
    const race = this.#describe(isMixed, first, second, address);
    const allowed = findAllowed(race, this.#options.allowed ?? []);
    const answer = this.#options.onRace?.(race, allowed) ?? false;
    if (allowed === undefined && !answer) throw new RaceViolation(race);
    passed ??= new Set();
    this.#passed.set(sites, passed.add(address));
  }

  #describe(isMixed: boolean, first: number, second: number, address: number): Race {
    return {
      kind: isMixed ? 'mixed widths' : 'race',
      first: this.#racing(first),
      second: this.#racing(second),
      address,
      name: this.#view.nameOf(address),
    };
  }

  #racing(access: number): RacingAccess {
    return {
      thread: this.#view.threadNames[this.#history.threadOf(access)]!,
      site: this.#view.sites[this.#history.siteOf(access)]!,
      address: this.#history.addressOf(access),
      length: this.#history.lengthOf(access),
    };
  }
}
