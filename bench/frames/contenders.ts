/**
 * Who takes part in suite `frames`: ours in three ways of use, and the peers.
 *
 * Each contender measures a request with so many threads, in one of its zones. Ours and the plain
 * buddy are crews of workers, so is `@thi.ng/malloc`, with one member because no other thread can
 * share it; malloc is a C program of its own.
 */
import * as facts from '../../src/generated/facts.ts';
import { Arena } from '../../src/index.ts';
import { compileKernel } from '../artifact.ts';
import { Crew } from '../crew.ts';
import { NativePeer } from '../native.ts';
import type { Request, Setup, Subject, Zone } from './member.ts';

export interface Contender {
  name: string;
  isOurs: boolean;
  /** The most threads that it can take. */
  threads: number;
  zones: string[];
  workloads: Request['workload'][];
  /** Those that say something; all without. */
  orders?: number[];
  /** ns a pair, or percent for `frag`. */
  measure(request: Request, threads: number): Promise<number>;
  close(): Promise<void>;
}

export const DEFAULT_ZONE = '1g';
const timed: Request['workload'][] = ['repeat', 'random', 'burst', 'bulk'];
const { PAGE_BYTES, PAGE_MAP } = facts;
const WASM_PAGE_BYTES = 65536;
/** Of what is no allocator, only as much as one has to do: more than are live at a time. */
const BARE_PAGES = 4096;

/** Pages of each zone, by name. */
export type Sizes = Record<string, number>;

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value) / values.length;
}

function createMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.max(facts.MIN_WASM_PAGES, Math.ceil(bytes / WASM_PAGE_BYTES));
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

async function crewOf(
  subject: Subject,
  setups: Setup[],
  workloads: Request['workload'][],
): Promise<Contender> {
  const crew = await Crew.open<Setup, Request>(new URL('./member.ts', import.meta.url), setups);
  return {
    name: subject,
    isOurs: subject === 'raw' || /^(kernel|call)/.test(subject),
    threads: setups.length,
    zones: Object.keys(setups[0]!.zones),
    workloads,
    // With several threads each makes its own fragments: the first one looks at the whole.
    measure: async (request, threads) => {
      const answers = await crew.ask(request, threads);
      return request.workload === 'frag' ? answers[0]! : mean(answers);
    },
    close: () => crew.close(),
  };
}

function zonesOf(sizes: Sizes, make: (pages: number) => Omit<Zone, 'pages'>): Setup['zones'] {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, pages]) => [name, { pages, ...make(pages) }]),
  );
}

type Format = (...values: number[]) => number;

/** A zone of the kernel that no thread is attached to yet. */
function formatZone(module: WebAssembly.Module, pages: number): WebAssembly.Memory {
  const memory = createMemory(pages * PAGE_BYTES);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  if ((exports.format as Format)(1, 2, 3, 4) !== 0) throw new Error('cannot format a zone');
  return memory;
}

/** Throws unless every invariant of the zone holds: figures of a broken allocator say nothing. */
function checkZone(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { attach, check } = exports as unknown as Record<string, Format>;
  // An owner that no member is.
  if (attach!(99, 1) < 0 || check!() !== 0) throw new Error('the zone is damaged');
}

function formatBuddy(module: WebAssembly.Module, pages: number): WebAssembly.Memory {
  // 9 bytes a page, and two notebooks of a word a page.
  const memory = createMemory(WASM_PAGE_BYTES + pages * (9 + 2 * 4));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  (exports.formatBuddy as Format)(pages);
  return memory;
}

async function openMalloc(library: string): Promise<Contender | undefined> {
  const native = await NativePeer.open('pages', library);
  if (native === undefined) return undefined;
  return {
    name: library,
    isOurs: false,
    threads: 2,
    zones: [DEFAULT_ZONE],
    workloads: timed,
    measure: async ({ workload, order, live, blocks, ms }, threads) => {
      const bytes = PAGE_BYTES << order;
      return mean(await native.ask(`${workload} ${bytes} ${threads} ${live} ${blocks} ${ms}`));
    },
    close: async () => native.close(),
  };
}

/** Ours, in a module; with all invariants checked at the end where page words are kept. */
async function openKernel(subject: 'kernel' | 'raw', sizes: Sizes): Promise<Contender> {
  const module = compileKernel('frames');
  const zones = zonesOf(sizes, (pages) => ({ memory: formatZone(module, pages) }));
  const setup: Setup = { subject, module, zones };
  if (subject === 'raw') return crewOf(subject, [setup, setup], timed);
  const contender = await crewOf(subject, [setup, setup], [...timed, 'frag']);
  const close = async () => {
    for (const { memory } of Object.values(zones)) checkZone(module, memory!);
    await contender.close();
  };
  return { ...contender, close };
}

/** Ours, called from JavaScript by threads that have each of these zones. */
async function openArenas(subject: 'call' | 'call-among-3', sizes: Sizes): Promise<Contender> {
  const zones = zonesOf(sizes, (pages) => {
    return { arena: new Arena({ size: pages * PAGE_BYTES }).handle };
  });
  const setup: Setup = { subject, zones };
  return crewOf(subject, [setup, setup], timed);
}

/** As a program has it: threads with one arena. The engine knows which function they call. */
async function openArena(sizes: Sizes, zone: string): Promise<Contender> {
  return openArenas('call', { [zone]: sizes[zone]! });
}

/** Threads with an arena of each size, of which one is measured. */
async function openAmong(sizes: Sizes): Promise<Contender> {
  const contender = await openArenas('call-among-3', sizes);
  return { ...contender, zones: [DEFAULT_ZONE], workloads: ['repeat', 'random'], orders: [0] };
}

/** What ours cannot do without, and nothing else: bench/kernel/bare.ts. */
async function openBare(subject: 'kernel-bare' | 'call-bare'): Promise<Contender> {
  const module = compileKernel('bare');
  const zones = zonesOf({ [DEFAULT_ZONE]: BARE_PAGES }, () => ({
    memory: createMemory(WASM_PAGE_BYTES),
  }));
  return {
    ...(await crewOf(subject, [{ subject, module, zones }], ['repeat', 'random'])),
    orders: [0],
  };
}

async function openBuddy(sizes: Sizes): Promise<Contender> {
  const module = compileKernel('buddy');
  const zones = zonesOf(sizes, (pages) => ({ memory: formatBuddy(module, pages) }));
  const setup: Setup = { subject: 'buddy', module, zones };
  return crewOf('buddy', [setup, setup], [...timed, 'frag']);
}

async function openPool(sizes: Sizes): Promise<Contender> {
  const setup: Setup = { subject: '@thi.ng/malloc', zones: zonesOf(sizes, () => ({})) };
  // Its free list is searched from the beginning, so it would take minutes to empty a zone.
  return crewOf('@thi.ng/malloc', [setup], ['repeat', 'random', 'burst']);
}

/** Opens them all; natives that are not installed are missing. */
export async function openContenders(sizes: Sizes): Promise<Contender[]> {
  const one: Sizes = { [DEFAULT_ZONE]: sizes[DEFAULT_ZONE]! };
  const contenders = await Promise.all([
    openKernel('kernel', sizes),
    openKernel('raw', sizes),
    ...Object.keys(sizes).map((zone) => openArena(sizes, zone)),
    openAmong(sizes),
    openBare('kernel-bare'),
    openBare('call-bare'),
    openMalloc('mimalloc'),
    openMalloc('jemalloc'),
    openBuddy(one),
    openPool(one),
  ]);
  return contenders.filter((contender) => contender !== undefined);
}

/** Bits for each page, beside its word, that a zone's metadata takes. */
export function metadataBits(pages: number): number {
  const module = compileKernel('frames');
  const memory = formatZone(module, pages);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const bytes = (exports.firstPfn as Format)() * PAGE_BYTES - PAGE_MAP - pages * 4;
  return (bytes * 8) / pages;
}
