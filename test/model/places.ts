/** Where the words of a scenario's zone are, and what an address is called in a trace. */
import * as facts from '../../src/generated/facts.ts';
import { bytesOf } from '../support/structures.ts';

/** Pages of WebAssembly: 4 MiB, the smallest zone. */
export const PAGES_64K = 64;

/** The slot of a virtual thread, by its index. Slot 1 is the main thread's. */
export function slotOf(thread: number): number {
  return thread + 2;
}

const unsorted: [string, number][] = [
  ['Superblock', facts.SUPERBLOCK],
  ['RcuState', facts.RCU_STATE],
  ['LimboState', facts.LIMBO_STATE],
  ['SlabState', facts.SLAB_STATE],
  ['ZsState', facts.ZS_STATE],
  ['StoreState', facts.STORE_STATE],
  ['ThreadsState', facts.THREADS_STATE],
  ['DeathsState', facts.DEATHS_STATE],
  ['MemdescState', facts.MEMDESC_STATE],
  ['CompactState', facts.COMPACT_STATE],
];

/** By address. */
const states = unsorted.toSorted(([, a], [, b]) => a - b);

/** Words of locks, which stand first in their states. */
export const locks = states
  .filter(([name]) => /^(Limbo|Slab|Zs|Store|Threads|Memdesc)State$/.test(name))
  .map(([, start]) => start);

/** Records that stand in a row: structure, address of the first, and how many. */
const rows: [string, number, number][] = [
  ['KmemCache', facts.CACHE_TABLE, facts.CACHES],
  ['Bag', facts.LIMBO_STATE + bytesOf('LimboState'), facts.LIMBO_KINDS],
];

function fieldOf(structure: string, offset: number, suffix = ''): string {
  const { fields = [] } = facts.structures.find(({ name }) => name === structure) ?? {};
  const field = fields.findLast((candidate) => candidate.offset <= offset);
  return `${structure}${suffix}.${field?.name ?? '?'}+${offset - (field?.offset ?? 0)}`.replace(
    /\+0$/,
    '',
  );
}

/** Frame metadata of the smallest zone, which stands behind its page map. */
const frameBits = facts.PAGE_MAP + PAGES_64K * 64;
const counters = frameBits + 2 * facts.CHILD_BITS_BYTES;

/** Each child is a tree there, and has a cache line for its counters. */
function nameOfFrames(address: number): string | undefined {
  if (address < frameBits || address >= counters + 2 * 64) return undefined;
  if (address < counters) return `frameBits[${(address - frameBits) >> 3}]`;
  return `${(address & 4) === 0 ? 'child' : 'tree'}[${(address - counters) >> 6}]`;
}

/** A name for an address: the field of a state record, a slot or the page map. */
export function nameOf(address: number): string {
  if (address >= facts.PAGE_MAP && address < facts.PAGE_MAP + PAGES_64K * 64) {
    return `pageWord[${(address - facts.PAGE_MAP) >> 2}]`;
  }
  const frames = nameOfFrames(address);
  if (frames !== undefined) return frames;
  if (address >= facts.SLOT_TABLE && address < facts.CACHE_TABLE) {
    const slot = Math.floor((address - facts.SLOT_TABLE) / facts.SLOT_BYTES);
    const offset = (address - facts.SLOT_TABLE) % facts.SLOT_BYTES;
    if (offset < facts.SLOT_FRAMES) return `slot${slot}.${fieldOf('ThreadSlot', offset)}`;
    if (offset === facts.SLOT_HELD) return `slot${slot}.held`;
    return `slot${slot}.${fieldOf('FramesOwn', offset - facts.SLOT_FRAMES)}`;
  }
  for (const [structure, start, count] of rows) {
    const bytes = bytesOf(structure);
    const index = Math.floor((address - start) / bytes);
    if (index < 0 || index >= count) continue;
    return fieldOf(structure, (address - start) % bytes, `[${index}]`);
  }
  const state = states.findLast(([, start]) => start <= address && address < facts.SLOT_TABLE);
  return state ? fieldOf(state[0], address - state[1]) : `0x${address.toString(16)}`;
}
