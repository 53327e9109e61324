/**
 * One look after another at a zone, from outside: what changed in its map, and its figures.
 *
 * Looks, never stores, takes no lock and no slot. What it reads is changed by others meanwhile:
 * each word is whole, all of them together are a picture that no single moment had. That is what a
 * person needs, and it costs the program nothing but the cache lines that are read.
 *
 * Cost of a look: 4 bytes read for each page, some thirty figures, and `SLABS_A_LOOK` slabs of
 * zspage descriptors, in rotation, of which the table of size classes is made.
 */
import { faultReason } from '../border/kernel.ts';
import { type ObserverExports, openObserver, pageMapOf } from '../border/observer.ts';
import * as facts from '../generated/facts.ts';
import { readCounters } from '../reports/counters.ts';
import { buddyInfo, pageTypeInfo } from '../reports/frames.ts';
import { cacheName, reportSlabs } from '../reports/slab.ts';
import { codeOf, FIRST_USER_CODE, userTypeName, uses } from '../reports/uses.ts';
import { describeSeen, type PageDescription, reportLimbo } from '../reports/zone.ts';
import { usersThreads } from '../threads/registry.ts';
import { zoneIdOf } from '../threads/zone-id.ts';
import { ClassRotation } from './class-rotation.ts';
import type { Figures, SeenPage, Tables, ZoneInfo } from './figures.ts';
import type { Changes } from './wire.ts';

/** Up to 10,000 descriptors: a third of a millisecond. */
const SLABS_A_LOOK = 256;
/** Nor do tables change faster than they can be read. */
const TABLES_MS = 1000;

export class ZoneLook {
  readonly #memory: WebAssembly.Memory;
  readonly #observer: ObserverExports;
  readonly #words: Uint32Array;
  readonly #classes: ClassRotation;
  readonly #changes: Changes;
  /** The code of each page, as the last look saw it. */
  readonly codes: Uint8Array;
  #nextTables = 0;
  /** The words that `codes` were made of. */
  readonly #before: Uint32Array;

  /** Throws `IncompatibleZoneError`. */
  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#observer = openObserver(memory);
    const pages = this.#observer.pageCount();
    this.#words = pageMapOf(memory, pages);
    this.#before = new Uint32Array(pages);
    this.codes = new Uint8Array(pages);
    this.#changes = { count: 0, pfns: new Uint32Array(pages), codes: new Uint8Array(pages) };
    this.#classes = new ClassRotation(this.#observer);
  }

  get pages(): number {
    return this.codes.length;
  }

  info(title: string): ZoneInfo {
    const names = uses.map(([name]) => name);
    for (let type = FIRST_USER_CODE; type < FIRST_USER_CODE + facts.USER_TYPES; type++) {
      if (this.#observer.typeNameAt(type) !== 0) {
        names[type] = userTypeName(this.#observer, this.#memory, type);
      }
    }
    const id = zoneIdOf(this.#observer);
    return { id, title, pages: this.pages, pageBytes: facts.PAGE_BYTES, names };
  }

  /**
   * Looks at every page word. @returns what changed since the last time; reused by the next call
   */
  changes(): Changes {
    const { pfns, codes } = this.#changes;
    const [words, before] = [this.#words, this.#before];
    let count = 0;
    for (let pfn = 0; pfn < words.length; pfn++) {
      const word = words[pfn]!;
      if (word === before[pfn]) continue;
      before[pfn] = word;
      const code = codeOf(word);
      this.codes[pfn] = code;
      pfns[count] = pfn;
      codes[count++] = code;
    }
    this.#changes.count = count;
    return this.#changes;
  }

  /** Undefined, as below, if it cannot be seen: what is looked at may change underfoot. */
  figures(): Figures | undefined {
    return seen(() => this.#figures());
  }

  /** The tables, if the rotation has come round. */
  tables(): Tables | undefined {
    return seen(() => this.#tables());
  }

  /** What there is to say of a page. */
  describe(pfn: number): SeenPage | undefined {
    return seen(() => this.#describe(pfn));
  }

  #figures(): Figures {
    const look = this.#observer;
    return {
      ...{ time: Date.now(), rss: process.memoryUsage.rss(), fault: this.#fault() },
      ...{ freePages: look.freePagesNow(), stockedPages: look.stockedPages() },
      ...{ threads: usersThreads(look), entries: look.entryCount() },
      ...{ keyBytes: look.keyBytes(), valueBytes: look.valueBytes() },
      ...readCounters((which) => look.counter(which)),
      limbo: Object.values(reportLimbo(look)),
      unusable: look.unusableFreeIndex(facts.CHILD_ORDER) / 1000,
    };
  }

  #tables(): Tables | undefined {
    if (performance.now() < this.#nextTables) return undefined;
    if (!this.#classes.turn(SLABS_A_LOOK)) return undefined;
    this.#nextTables = performance.now() + TABLES_MS;
    const look = this.#observer;
    const slabFigure = (cache: number, figure: number) => look.observedSlab(cache, figure);
    const cacheNameOf = (cache: number) => look.cacheNameOf(cache);
    return {
      classes: this.#classes.table,
      slabs: reportSlabs({ slabFigure, cacheNameOf }, this.#memory),
      buddies: buddyInfo(look),
      blocks: pageTypeInfo(look),
    };
  }

  #describe(pfn: number): SeenPage {
    this.#observer.observePage(pfn);
    const fields = facts.DESCRIBED_OWNER + facts.SHOWN_WORDS;
    const seen = Uint32Array.from({ length: fields }, (_, i) => this.#observer.observed(i));
    const described = describeSeen(this.#observer, this.#memory, pfn, seen);
    const groupName = this.#groupName(seen[facts.DESCRIBED_WORD]! & facts.TYPE_MASK, described);
    return groupName === undefined ? described : { ...described, groupName };
  }

  #groupName(type: number, { group }: PageDescription): string | undefined {
    if (group === undefined) return undefined;
    if (type === facts.TYPE_SLAB) return cacheName(this.#observer, this.#memory, group);
    const bytes = this.#observer.observedClass(group, facts.OBSERVED_CLASS_BYTES);
    return `${group}, objects of ${bytes} bytes`;
  }

  #fault(): Figures['fault'] {
    const code = this.#observer.fault();
    if (code === 0) return undefined;
    const { faultSlot, faultDetail } = this.#observer;
    return { code, reason: faultReason(code), slot: faultSlot(), detail: faultDetail() >>> 0 };
  }
}

/** A kernel that meets what it cannot follow traps. That has no effect but here. */
function seen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return undefined;
    throw error;
  }
}
