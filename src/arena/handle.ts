/** What crosses to another thread so that it can attach. */
import { checkObject } from '../border/arguments.ts';
import { abi, abiOf, ownVersion } from '../border/version.ts';
import { IncompatibleZoneError, InvalidArgumentError } from '../errors.ts';
import { isMemory } from '../language/brands.ts';

/** What another thread needs to attach. Structured-cloneable. */
export interface ArenaHandle {
  kind: 'pageless-arena';
  memory: WebAssembly.Memory;
  /** The zone's identity: memory of closed arenas becomes others'. */
  zone: string;
  /** Of the package that made it: others cannot use the memory. */
  version: string;
}

/** Checks each field. Throws `InvalidArgumentError`, `IncompatibleZoneError`. */
export function checkArenaHandle(handle: ArenaHandle): ArenaHandle {
  const expected = "another thread's arena.handle";
  const { kind, memory, zone, version } = checkObject('handle', handle, expected);
  if (kind !== 'pageless-arena') throw new InvalidArgumentError('handle', expected, handle);
  if (!isMemory(memory)) {
    const hint = 'handles are for threads: processes share no memory, and JSON carries none';
    throw new InvalidArgumentError('handle.memory', 'a WebAssembly.Memory', memory, { hint });
  }
  if (typeof zone !== 'string') throw new InvalidArgumentError('handle.zone', 'a text', zone);
  if (typeof version !== 'string') {
    throw new InvalidArgumentError('handle.version', 'a text', version);
  }
  if (abiOf(version) !== abi) {
    throw new IncompatibleZoneError(
      `pageless ${version} made the zone, and this is pageless ${ownVersion}`,
    );
  }
  return { kind, memory, zone, version };
}
