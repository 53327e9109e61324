/**
 * This thread's part in a zone that handles name: what an arena and a pool of another thread have.
 */
import type { KernelExports } from '../border/kernel.ts';
import { ownVersion } from '../border/version.ts';
import { DisposedError } from '../errors.ts';
import type { Zone } from '../threads/registry.ts';
import { leaveZone } from '../threads/threads.ts';
import { attachZone } from '../threads/zone.ts';
import { type ArenaHandle, checkArenaHandle } from './handle.ts';

export class Attachment {
  #zone: Zone | undefined;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  /** Attaches this thread. Throws `IncompatibleZoneError`, `TooManyThreadsError`. */
  static to(handle: ArenaHandle): Attachment {
    const { memory, zone } = checkArenaHandle(handle);
    return new Attachment(attachZone(memory, zone));
  }

  get handle(): ArenaHandle {
    const { id, memory } = this.zone;
    return { kind: 'pageless-arena', memory, zone: id, version: ownVersion };
  }

  /** Throws `DisposedError` once it is closed, as all that follow. */
  get zone(): Zone {
    if (!this.#zone) throw new DisposedError('arena');
    return this.#zone;
  }

  get kernel(): KernelExports {
    return this.zone.kernel;
  }

  get memory(): WebAssembly.Memory {
    return this.zone.memory;
  }

  /** Gives back this thread's slot, unless another attachment of the thread uses it. */
  close(): void {
    if (this.#zone) leaveZone(this.#zone);
    this.#zone = undefined;
  }
}
