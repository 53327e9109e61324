/**
 * Names of a cache's namespaces, as the zone knows them (kernel/store/spaces.ts): a number each,
 * and what it is made with.
 */
import type { Arena } from '../../arena/arena.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { InvalidArgumentError, TooManyNamespacesError, ZoneTooSmallError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import type { Border } from '../transfer/transfer.ts';
import { decodeText, encodeText } from '../values/values.ts';
import type { SavedName, Settings } from './settings.ts';

/** What the zone knows of a name. */
export type Registered = Omit<SavedName, 'name'>;

/** What a caller says of it. */
export type Said = { [K in keyof Registered]: Registered[K] | undefined };

/** By number. */
const KINDS: readonly Registered['values'][] = ['bytes', 'string', 'json', 'own', 'cache'];

/** A record; the name stands behind it (kernel/store/spaces.ts). */
const record = facts.offsetsOfSpace;

/** Of a cache, in which names are registered. */
interface Named {
  readonly kernel: KernelExports;
  readonly settings: Settings;
  live(): Border;
}

/** @returns its number; what is not said is as in the cache, if it is new */
export function registerName(parts: Named, name: string, said: Said): number {
  const { kernel, settings } = parts;
  const inherited = settings.values === 'own' ? 'cache' : settings.values;
  const { values = inherited, ttl = settings.ttl, staleFor = settings.staleFor } = said;
  const bytes = encodeName(name);
  const nameBytes = parts.live().putKey(bytes);
  const space = kernel.registerSpace(nameBytes, KINDS.indexOf(values), ttl, staleFor);
  if (space === facts.ERR_FULL) throw new TooManyNamespacesError(facts.MAX_SPACES);
  if (space < 0) throw new ZoneTooSmallError('another namespace');
  return space;
}

/** All names of a cache, in the order of their numbers: for a file. */
export function readNames(arena: Arena): SavedName[] {
  const { kernel, memory } = arena;
  return Array.from({ length: kernel.spaceCount() }, (_, i) => {
    const at = kernel.spaceRecord(i + 1) >>> 0;
    const length = new DataView(memory.buffer, at).getUint32(record.nameBytes, true);
    const name = decodeText(new Uint8Array(memory.buffer, at + record.bytes, length));
    return { name, ...readRecord(memory, at) };
  });
}

/** Gives a fresh cache the names of another one, which get the same numbers. */
export function restoreNames(parts: Named, names: readonly SavedName[]): void {
  for (const { name, ...said } of names) registerName(parts, name, said);
}

/** The UTF-8 of a name. Throws `InvalidArgumentError`. */
function encodeName(name: unknown): Uint8Array {
  const bytes = typeof name === 'string' ? encodeText('name', name) : undefined;
  if (bytes && bytes.length > 0 && bytes.length <= facts.MAX_SPACE_NAME) return bytes;
  throw new InvalidArgumentError('name', `a text of 1 to ${facts.MAX_SPACE_NAME} bytes`, name);
}

/** What the zone says of a name, and never changes. */
export function readRecord({ buffer }: WebAssembly.Memory, at: number): Registered {
  const said = new DataView(buffer, at >>> 0, record.bytes);
  return {
    values: KINDS[said.getUint32(record.values, true)]!,
    ttl: said.getFloat64(record.ttl, true),
    staleFor: said.getFloat64(record.staleFor, true),
  };
}
