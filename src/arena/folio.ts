/**
 * Folios: blocks of 2^order pages with a descriptor, shared by all threads of an arena.
 *
 * A folio belongs to the arena until somebody frees it, whoever allocated it and whether or not
 * that thread still lives. Its `name` is a number that may be sent to other threads or stored, and
 * that is never taken for another folio's: a name that outlived its folio finds nothing. Between
 * pins a folio may move; its name stays.
 *
 *   using view = folio.map();      // a Uint8Array that stays where it is until it is disposed
 *   view.set(bytes);
 */

import { checkInteger, checkOptions } from '../border/arguments.ts';
import type { KernelExports } from '../border/kernel.ts';
import { BusyError, InvalidArgumentError, StaleError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { largeScratchOf } from '../threads/large-scratch.ts';
import { checkPin, Pin, type PinZone } from './pin.ts';
import { checkUserType } from './user-types.ts';

export interface FolioOptions {
  /** What `registerType` gave; default: anonymous memory. */
  type?: number | undefined;
}

/** What a folio needs of its arena. */
export interface FolioHome {
  readonly kernel: KernelExports;
  readonly memory: WebAssembly.Memory;
  readonly zone: PinZone;
}

/**
 * The pages of a pinned folio. Disposing it drops the pin; the bytes are not one's own after that.
 */
export class FolioView extends Uint8Array implements Disposable {
  #pin: Pin | undefined;

  /** Views of a view are plain arrays: they have no pin to drop. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  /** @internal */
  static over(home: FolioHome, pin: Pin): FolioView {
    const bytes = facts.PAGE_BYTES << pin.order;
    home.kernel.lend();
    const view = new FolioView(home.memory.buffer, pin.pfn * facts.PAGE_BYTES, bytes);
    view.#pin = pin;
    return view;
  }

  /** Drops the pin. Twice is once. */
  close(): void {
    this.#pin?.close();
    this.#pin = undefined;
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

export class Folio {
  /** Names the folio in any thread of the arena: see `arena.folio`. An integer below 2^53. */
  readonly name: number;
  readonly #home: FolioHome;

  /** @internal */
  constructor(home: FolioHome, name: number) {
    this.#home = home;
    this.name = name;
  }

  /**
   * Pins the folio: it is not moved, split or shrunk, and its pages stay even if it is freed
   * meanwhile. A thread has at most 104 pins.
   *
   * Throws `StaleError` if it was freed, `BusyError`. Cost: one atomic, and the call's own three.
   */
  pin(): Pin {
    const { kernel, zone } = this.#home;
    const pinned = checkPin(kernel.pinFolio(this.name));
    if (pinned === undefined) throw new StaleError('folio', this.name);
    return new Pin(zone, pinned);
  }

  /** The folio's bytes, pinned until the view is disposed. Throws as `pin`. */
  map(): FolioView {
    return FolioView.over(this.#home, this.pin());
  }

  /** log2 of its pages. A look: another thread may split it. Throws as `pin`. */
  get order(): number {
    return this.#pinned((pin) => pin.order);
  }

  /** Its first page. A look: it may move unless it is pinned. Throws as `pin`. */
  get pfn(): number {
    return this.#pinned((pin) => pin.pfn);
  }

  /** Reads one of the descriptor's owner words, 0 … 2^32 − 1. Throws as `pin`. */
  ownerWord(index: number): number {
    return this.#pinned((pin) =>
      this.#home.kernel.ownerWord(pin.number, this.#checkWord(pin, index)),
    );
  }

  /** Writes an owner word; all threads see it at once. Throws as `pin`. */
  setOwnerWord(index: number, value: number): void {
    checkInteger('value', value, 0, 0xffffffff);
    this.#pinned((pin) => {
      this.#home.kernel.setOwnerWord(pin.number, this.#checkWord(pin, index), value);
    });
  }

  /**
   * Splits the folio into folios of a smaller order, of which this one is the first. Each owns its
   * part of the pages, and nothing is copied.
   *
   * @returns all of them in the order of their pages; undefined when there is no memory for their
   * descriptors or this thread's scratch. Throws `InvalidArgumentError`, `StaleError`, and
   * `BusyError` while anybody has it pinned; nothing has changed then.
   */
  split(order: number): Folio[] | undefined {
    const { kernel, memory } = this.#home;
    if (kernel.prepare() < 0) return undefined;
    return this.#pinned((pin) => {
      this.#checkCut(pin, order);
      const parts = 2 ** (pin.order - order);
      return largeScratchOf(kernel).during(() => {
        if (!cut(pin, () => kernel.splitPage(pin.number, order))) return undefined;
        // By name: compaction may have moved them already.
        const names = new BigUint64Array(memory.buffer, kernel.outputScratch() >>> 0, parts - 1);
        return [this, ...Array.from(names, (name) => new Folio(this.#home, Number(name)))];
      });
    });
  }

  /** Gives back all but the first 2^order pages. Throws as `split`. */
  shrink(order: number): void {
    this.#pinned((pin) => {
      this.#checkCut(pin, order);
      cut(pin, () => this.#home.kernel.shrinkPage(pin.number, order));
    });
  }

  /**
   * Frees the folio: its pages go when the last pin does, and nobody can pin it any more. Throws
   * `StaleError` when it was freed before, and has changed nothing.
   */
  free(): void {
    const failure = this.#home.kernel.freeFolio(this.name);
    if (failure === facts.ERR_NOT_FOUND) throw new StaleError('folio', this.name);
    checkPin(failure);
  }

  #checkWord(pin: Pin, index: number): number {
    return checkInteger('index', index, 0, this.#home.kernel.ownerWords(pin.number) - 1);
  }

  #checkCut(pin: Pin, order: number): void {
    if (pin.order === 0) throw new InvalidArgumentError('order', "less than the folio's", order);
    checkInteger('order', order, 0, pin.order - 1);
  }

  /** Without `using`, which not every browser has. */
  #pinned<R>(use: (pin: Pin) => R): R {
    const pin = this.pin();
    try {
      return use(pin);
    } finally {
      pin.close();
    }
  }
}

/** @returns false when there is no memory */
function cut(pin: Pin, change: () => number): boolean {
  pin.lock();
  const failure = change();
  pin.unlock();
  if (failure === facts.ERR_BUSY) throw new BusyError('somebody has pinned the folio');
  return failure === 0;
}

/** Allocates one. @returns undefined when there is no memory */
export function allocFolio(
  home: FolioHome,
  order: number,
  options: FolioOptions,
): Folio | undefined {
  checkInteger('order', order, 0, facts.MAX_ORDER - 1);
  const { type } = checkOptions(options, ['type']);
  const kind = type === undefined ? facts.TYPE_ANON_FOLIO : checkUserType(home.kernel, type);
  const name = home.kernel.allocFolio(order, kind);
  return name < 0 ? undefined : new Folio(home, name);
}

/** The folio of that name, if it was not freed. */
export function folioNamed(home: FolioHome, name: number): Folio | undefined {
  checkInteger('name', name, 0, Number.MAX_SAFE_INTEGER);
  const pinned = checkPin(home.kernel.pinFolio(name));
  if (pinned === undefined) return undefined;
  home.kernel.putPage(pinned);
  return new Folio(home, name);
}

/** The folio that a page belongs to, if it does. */
export function folioAt(home: FolioHome, pfn: number): Folio | undefined {
  const pinned = checkPin(home.kernel.pinPage(pfn));
  if (pinned === undefined) return undefined;
  const name = home.kernel.folioName(pinned);
  home.kernel.putPage(pinned);
  return name < 0 ? undefined : new Folio(home, name);
}
