/**
 * Suite `codec`: LZ4 on pages of 4 KiB, one thread, warm.
 *
 *   compress-4k-CORPUS, decompress-4k-CORPUS   MB/s of uncompressed bytes (10^6); everybody decodes
 *                                              the blocks that ours made
 *   size-4k-CORPUS       compressed bytes in % of the uncompressed; ratio: our bytes / the peer's
 *   checksum-4k-CORPUS   MB/s of the checksum that stored blocks carry
 *
 * Corpora: bench/corpora.ts. Peers: liblz4 (acceleration 1, a state that is kept, the safe decoder;
 * a C program that runs on the same CPU in turn with us) and lz4-napi, which is called with a
 * Buffer and returns a new one. Medians of 41 rounds and of their ratios, for the speed of a
 * virtual CPU changes by a third within a second: of two runs with 15 rounds one said 0.97 where
 * the other said 0.67. The clock is the processor time of the process: all sides only compute, and
 * what others do on the machine meanwhile counts less.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import lz4 from 'lz4-napi';
import { compileKernel } from '../artifact.ts';
import { corpora, PAGE } from '../corpora.ts';
import { NativePeer } from '../native.ts';
import {
  inTurn,
  pinThread,
  type Result,
  roundsInTurn,
  rowOf,
  type SuiteOptions,
} from '../suite.ts';

type Job = 'compress' | 'decompress';
type Measure = () => Promise<number>;

interface CodecExports {
  compress(src: number, n: number, dst: number, cap: number, table: number): number;
  decompress(src: number, n: number, dst: number, cap: number): number;
  checksum(src: number, n: number): number;
}

/** One of the sides for a corpus: how long a page takes, and what its blocks add up to. */
interface Side {
  size: number;
  jobs: Record<Job, Measure>;
}

interface Ours extends Side {
  checksum: Measure;
  /** A block for each page, u32 length before each. */
  blocks: Buffer[];
}

const PAGES_AT = 1 << 20;
const BLOCKS_AT: number = PAGES_AT + (3 << 20);
const OUTPUT_AT: number = 1 << 16;
const TABLE_AT: number = 1 << 17;
const MEMORY_64K = 128;
const ROUNDS = 41;

/** Processor time in ns of one of the `count` operations of `pass`, called until `ms` are spent. */
function nsOf(count: number, ms: number, pass: () => void): number {
  const start = process.cpuUsage();
  let micros: number;
  let passes = 0;
  do {
    pass();
    passes++;
    const { user, system } = process.cpuUsage(start);
    micros = user + system;
  } while (micros < ms * 1000);
  return (micros * 1000) / (passes * count);
}

function openOurs(pages: Buffer, ms: number): Ours {
  const memory = new WebAssembly.Memory({ initial: MEMORY_64K, maximum: MEMORY_64K, shared: true });
  const instance = new WebAssembly.Instance(compileKernel('codec'), { env: { memory } });
  const codec = instance.exports as unknown as CodecExports;
  const bytes = Buffer.from(memory.buffer);
  bytes.set(pages, PAGES_AT);
  const count = pages.length / PAGE;
  const compress = (page: number) =>
    codec.compress(PAGES_AT + page * PAGE, PAGE, OUTPUT_AT, 2 * PAGE, TABLE_AT);
  const blocks: Buffer[] = [];
  const places: number[] = [];
  let end = BLOCKS_AT;
  for (let page = 0; page < count; page++) {
    const size = compress(page);
    blocks.push(Buffer.alloc(4 + size));
    blocks[page]!.writeUInt32LE(size);
    bytes.copy(blocks[page]!, 4, OUTPUT_AT, OUTPUT_AT + size);
    places.push(end);
    end += bytes.copy(bytes, end, OUTPUT_AT, OUTPUT_AT + size);
  }
  const sizes = blocks.map((block) => block.length - 4);
  const each = (one: (page: number) => void): Measure => {
    return async () =>
      nsOf(count, ms, () => {
        for (let page = 0; page < count; page++) one(page);
      });
  };
  return {
    size: sizes.reduce((sum, size) => sum + size, 0),
    blocks,
    checksum: each((page) => codec.checksum(PAGES_AT + page * PAGE, PAGE)),
    jobs: {
      compress: each(compress),
      decompress: each((page) => codec.decompress(places[page]!, sizes[page]!, OUTPUT_AT, PAGE)),
    },
  };
}

function openNapi(pages: Buffer, blocks: Buffer[], ms: number): Side {
  const inputs = blocks.map((_, page) => pages.subarray(page * PAGE, (page + 1) * PAGE));
  // Its blocks begin with the length of what is in them.
  const sized = blocks.map((block) => {
    const copy = Buffer.from(block);
    copy.writeUInt32LE(PAGE);
    return copy;
  });
  const each = (list: Buffer[], one: (bytes: Buffer) => Buffer): Measure => {
    return async () =>
      nsOf(list.length, ms, () => {
        for (const bytes of list) one(bytes);
      });
  };
  return {
    size: inputs.reduce((sum, input) => sum + lz4.compressSync(input).length - 4, 0),
    jobs: { compress: each(inputs, lz4.compressSync), decompress: each(sized, lz4.uncompressSync) },
  };
}

async function openNative(peer: NativePeer, pages: Buffer, ours: Ours, ms: number): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'pageless-bench-'));
  const files = [join(folder, 'pages'), join(folder, 'blocks')] as const;
  writeFileSync(files[0], pages);
  writeFileSync(files[1], Buffer.concat(ours.blocks));
  const [size] = await peer.ask(`open ${files.join(' ')}`);
  rmSync(folder, { recursive: true });
  if (!size) throw new Error('liblz4 reads something else from our blocks');
  const ask = async (job: Job) => (await peer.ask(`${job} ${ms}`))[0]!;
  return {
    size,
    jobs: { compress: () => ask('compress'), decompress: () => ask('decompress') },
  };
}

export async function suite({ isTiny, leaveOut }: SuiteOptions): Promise<Result[]> {
  pinThread(cpus().length - 1); // a child inherits it
  const native = await NativePeer.open('lz4', 'lz4');
  const ms = isTiny ? 1 : 10;
  const results: Result[] = [];
  for (const [name, pages] of corpora()) {
    const ours = openOurs(pages, ms);
    const peers = new Map([['lz4-napi', openNapi(pages, ours.blocks, ms)]]);
    if (native) peers.set('liblz4', await openNative(native, pages, ours, ms));
    for (const job of ['compress', 'decompress'] as const) {
      const row = `${job}-4k-${name}`;
      if (!native) leaveOut(row, 'liblz4');
      results.push(...(await compare(row, job, ours, peers, isTiny)));
    }
    const value = (100 * ours.size) / pages.length;
    for (const [peer, { size }] of peers) {
      results.push({ name: `size-4k-${name}`, value, unit: '%', peer, ratio: ours.size / size });
    }
    const sums = await inTurn(isTiny ? 1 : ROUNDS, new Map([['ours', ours.checksum]]));
    results.push({ name: `checksum-4k-${name}`, value: speed(sums.get('ours')!), unit: 'MB/s' });
  }
  native?.close();
  return results;
}

/** MB/s, of the ns that a page takes. */
function speed(ns: number): number {
  return (PAGE * 1000) / ns;
}

async function compare(
  name: string,
  job: Job,
  ours: Side,
  peers: Map<string, Side>,
  isTiny: boolean,
): Promise<Result[]> {
  const subjects = new Map([['ours', ours.jobs[job]]]);
  for (const [peer, side] of peers) subjects.set(peer, side.jobs[job]);
  // Unmeasured: the compilers warm up.
  await inTurn(isTiny ? 1 : 3, subjects);
  const rounds = await roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
  const speeds = (side: string) => rounds.get(side)!.map(speed);
  return [...peers.keys()].map((peer) => rowOf(name, 'MB/s', speeds('ours'), [peer, speeds(peer)]));
}
