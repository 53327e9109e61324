/**
 * Zones, as a thread comes to them: made of fresh memory or of a closed one's, found again, or
 * joined.
 */

import { type KernelExports, openKernel } from '../border/kernel.ts';
import { sharedMemory, WASM_PAGE_BYTES } from '../border/support.ts';
import {
  IncompatibleZoneError,
  InvalidArgumentError,
  StaleError,
  TooManyThreadsError,
  ZoneTooSmallError,
} from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { parseSize } from '../sizes.ts';
import { randomWords } from './recycle.ts';
import { mayPark, registry, threadOwner, type Zone } from './registry.ts';
import { reuseMemory } from './reuse.ts';
import { takeSlot } from './slot.ts';
import { detachSoon, enroll, listen, stopListening } from './threads.ts';
import { zoneIdOf } from './zone-id.ts';

/** Size in WebAssembly pages, rounded down: a budget is never exceeded. */
export function wasmPagesFor(name: string, size: unknown): number {
  const bytes = parseSize(name, size);
  // 4 GiB itself is one page too many for 32-bit end addresses; it means "as large as can be".
  const pages = Math.floor(
    Math.min(bytes, facts.MAX_WASM_PAGES * WASM_PAGE_BYTES) / WASM_PAGE_BYTES,
  );
  if (bytes <= 2 ** 32 && pages >= facts.MIN_WASM_PAGES) return pages;
  // Most who are told this have written MB for MiB.
  const hint = typeof size === 'string' ? { hint: `that is ${bytes} bytes` } : {};
  throw new InvalidArgumentError(name, 'from 4 MiB to 4 GiB', size, hint);
}

/**
 * Makes a zone, of memory that this thread has closed if there is some, with this thread attached.
 */
export function createZone(size: unknown): Zone {
  const pages = wasmPagesFor('size', size);
  const used = reuseMemory(pages);
  if (used) return join(used.memory, used.kernel);
  const memory = sharedMemory(pages);
  const kernel = openKernel(memory);
  kernel.format(...randomWords());
  return join(memory, kernel);
}

/**
 * The zone of a memory, joined unless this thread has already. Throws `StaleError` when the memory
 * has become another zone since.
 */
export function attachZone(memory: WebAssembly.Memory, id: string): Zone {
  const found = registry().zones.get(id);
  if (found && zoneIdOf(openKernel(memory)) === id) {
    found.users++;
    return found;
  }
  return join(memory, openKernel(memory), false, id);
}

/**
 * Takes a slot for this thread.
 *
 * @param isPrivate  nobody else can see the memory, as with an image: it needs no supervisor
 * @param id  which zone it must be
 */
export function join(
  memory: WebAssembly.Memory,
  kernel: KernelExports,
  isPrivate = false,
  id?: string,
): Zone {
  listen();
  const owner = threadOwner();
  const slot = takeSlot(kernel, owner, mayPark(), id);
  // With a slot the identity stays.
  const isOther = id !== undefined && zoneIdOf(kernel) !== id;
  if (slot > 0 && !isOther) return enroll(memory, kernel, owner, isPrivate);
  if (slot > 0) detachSoon(kernel);
  if (registry().zones.size === 0) stopListening();
  throw refusal(slot > 0 ? facts.ERR_STALE : slot, id);
}

function refusal(failure: number, id = ''): Error {
  switch (failure) {
    case facts.ERR_STALE:
      return new StaleError('cache or arena', id);
    case facts.ERR_NO_SLOT:
      return new TooManyThreadsError();
    case facts.ERR_NO_MEMORY:
      return new ZoneTooSmallError('another thread');
    case facts.ERR_VERSION:
      return new IncompatibleZoneError('the zone was made by another version of pageless');
    case facts.ERR_GEOMETRY:
      return new IncompatibleZoneError(
        'the zone and its memory differ in size, or its first pages are damaged',
      );
    default:
      return new IncompatibleZoneError('the memory is not a pageless zone');
  }
}
