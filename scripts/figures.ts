/**
 * Tables of figures in documents, made from bench/results: a figure is measured, recorded and then
 * printed, and nobody types it.
 *
 * A table stands between `<!-- measured: NAME -->` and `<!-- /measured -->`. `npm run bench --
 * SUITE --record` writes what was measured, `npm run docs` the tables, and a test compares.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Row {
  name: string;
  value: number;
  peer?: string;
  ratio?: number;
}

interface Report {
  date: string;
  machine: string;
  node: string;
  results: Row[];
}

const english = (value: number, digits = 0): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** What one suite found, as text. Digits are those after the point. */
class Figures {
  readonly #report: Report;

  constructor(folder: string, suite: string) {
    this.#report = JSON.parse(readFileSync(join(folder, `${suite}.json`), 'utf8'));
  }

  #row(name: string, peer?: string): Row {
    // A policy's name is followed by its figure.
    const isIt = (row: Row) =>
      row.name === name && (peer === undefined || `${row.peer} `.startsWith(`${peer} `));
    const found = this.#report.results.find(isIt);
    if (found === undefined) throw new Error(`No row ${name}, ${peer ?? 'any peer'}, is recorded`);
    return found;
  }

  value(name: string, digits = 0): string {
    return english(this.#row(name).value, digits);
  }

  /** Ours divided by the peer's, or of its first if none is named. */
  ratio(name: string, peer?: string): string {
    return english(this.#row(name, peer).ratio ?? Number.NaN, 2);
  }

  /** What the peer has, as the medians of the ratios say. */
  peer(name: string, peer?: string, digits = 0): string {
    const { value, ratio = Number.NaN } = this.#row(name, peer);
    return english(value / ratio, digits);
  }

  /** The least and the greatest of several texts of figures. */
  static span(texts: string[]): string {
    const sorted = texts.toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
    const [least, most] = [sorted[0]!, sorted.at(-1)!];
    return least === most ? least : `${least}–${most}`;
  }

  /** Where and when these were measured, each place once. */
  static where(all: Figures[]): string {
    const places = all.map((figures) => {
      const { date, machine, node } = figures.#report;
      const [cpus = '', ...others] = machine.split(', ');
      return `${cpus.replace(' x ', ' × ')}, ${others.join(', ')}, Node ${node.slice(1)}, ${date}`;
    });
    return `(${[...new Set(places)].join('; ')})`;
  }
}

function costs(cache: Figures): string {
  const overheads = ['overhead-20b', 'overhead-100b', 'overhead-1k'];
  const ours = Figures.span(overheads.map((row) => cache.value(row)));
  const theirs = Figures.span(overheads.map((row) => cache.peer(row)));
  const longest = (peer: string) => cache.peer('pause-1k-longest', peer, 1);
  const rare = (peer: string) => cache.peer('pause-1k-p99.999', peer, 1);
  const hits = (peer: string) => cache.peer('hit-ratio', peer, 1);
  return `| | pageless | beside it |
|---|---|---|
| bytes an entry beside key and value, raw | ${ours}, with a ttl ${cache.value('overhead-20b-ttl')} | lru-cache on the heap ${theirs} |
| longest pause in 10 s of churn at 1 GiB, and p99.999 | ${cache.value('pause-1k-longest', 1)}, ${cache.value('pause-1k-p99.999', 1)} ms | lru-cache ${longest('lru-cache')}, ${rare('lru-cache')} ms; a thread that does nothing ${longest('idle spinner')}, ${rare('idle spinner')} |
| two threads on one cache: five reads to a set, overwriting, new keys | ${cache.ratio('scaling-mixed-2t')}, ${cache.ratio('scaling-set-2t')}, ${cache.ratio('scaling-new-2t')} | of two threads with a cache for each |
| hit ratio, mean of 57 traces and sizes | ${cache.value('hit-ratio', 1)} % | FIFO ${hits('fifo')}, LRU ${hits('lru')}, S3-FIFO ${hits('s3fifo')}, LIRS ${hits('lirs')} (libCacheSim) |`;
}

function speed(cache: Figures): string {
  const both = (what: string, row: string) => {
    const [raw, lz4] = [`${row}-raw`, `${row}-lz4`];
    return `| ${what} | ${cache.value(raw)} | ${cache.value(lz4)} | ${cache.peer(raw)} | ${cache.ratio(raw)}, ${cache.ratio(lz4)} |`;
  };
  const one = (what: string, row: string, isRaw: boolean) => {
    const value = cache.value(row);
    const values = isRaw ? `${value} | ` : `| ${value} `;
    return `| ${what} | ${values}| ${cache.peer(row)} | ${cache.ratio(row)} |`;
  };
  const near = ['near-hit-json', 'near-zipf-1m'] as const;
  const [ours, theirs] = [near.map((row) => cache.value(row)), near.map((row) => cache.peer(row))];
  return `| ns | pageless, raw | pageless, LZ4 | lru-cache | raw, LZ4 over lru-cache |
|---|---|---|---|---|
${[
  both('read (`getInto`), 100,000 entries', 'read-1k-100k'),
  both('read, 1,000,000 entries', 'read-1k-1m'),
  one("`get`, an array of one's own, 1,000,000 entries", 'get-1k-1m-raw', true),
  one('`get` of a string that is read, 100,000 entries', 'get-string-1k-100k-lz4', false),
  one('`has`, 1,000,000 entries', 'has-1m', true),
  one('a miss, 1,000,000 entries', 'miss-1m', true),
  both('overwrite, 100,000 entries', 'set-1k-100k'),
  both('overwrite, 1,000,000 entries', 'set-1k-1m'),
  both('a new key', 'set-new-1k'),
  both('a new key in a full cache: another goes', 'set-full-1k'),
].join('\n')}

| | pageless | beside it |
|---|---|---|
| read, 1,000,000 entries | raw, LZ4 | ${cache.ratio('read-1k-1m-raw', 'lmdb')}, ${cache.ratio('read-1k-1m-lz4', 'lmdb lz4')} of lmdb, plain and compressed |
| \`get\` of JSON kept \`near\`: all hot, and Zipf over a million | ${ours.join(', ')} ns | two lru-caches, objects before buffers: ${theirs.join(', ')} ns |

${Figures.where([cache])}`;
}

function floors(suiteOf: (name: string) => Figures): string {
  const [frames, memdesc, pool] = [suiteOf('frames'), suiteOf('memdesc'), suiteOf('zsmalloc')];
  const [codec, compact] = [suiteOf('codec'), suiteOf('compact')];
  const page = 'repeat-order0-1t-kernel';
  const bulk = ['bulk-order0-1t-kernel', 'bulk-order0-2t-kernel'];
  const corpora = ['text', 'wasm', 'json', 'mixed', 'pages'];
  const lz4 = (step: string, peer: string) =>
    Figures.span(corpora.map((corpus) => codec.ratio(`${step}-4k-${corpus}`, peer)));
  const steps = (peer: string) => `${lz4('compress', peer)}, ${lz4('decompress', peer)}`;
  return `| | pageless | beside it |
|---|---|---|
| allocate and free a page, checked | ${frames.value(page, 1)} ns | mimalloc ${frames.ratio(page, 'mimalloc')} times, jemalloc ${frames.ratio(page, 'jemalloc')} times |
| 1,000 pages allocated, then freed, one and two threads | ${bulk.map((row) => frames.value(row)).join(', ')} ns a pair | mimalloc ${bulk.map((row) => frames.ratio(row, 'mimalloc')).join(', ')} times |
| a folio with its descriptor, published and freed | ${memdesc.value('publish-free-order0-1t')} ns | |
| a page's descriptor pinned and unpinned, by two calls | ${memdesc.value('pin-unpin-call-1t')} ns | ${memdesc.ratio('pin-unpin-call-1t', 'kernel add pair')} times two bare atomic additions |
| overhead of compressed pages in a pool, 256 MiB | ${pool.value('overhead-pages-256m', 1)} % | zram's published total: about 5 % |
| LZ4 in place, 4 KiB: compress, decompress | ${steps('liblz4')} of liblz4 | ${steps('lz4-napi')} times lz4-napi |
| moving a cold page (suite \`compact\`) | ${compact.value('page-move-cold')} ns | ${compact.ratio('page-move-cold')} times a copy of two random ones |
| blocks of 2 MiB made by compaction, of those possible | ${compact.value('order9-yield')} % | |

${Figures.where([frames, memdesc, pool, codec, compact])}`;
}

/** Documents that have tables, and which. */
export const measured: Record<string, readonly TableName[]> = {
  'README.md': ['costs', 'speed'],
  'docs/guides/memory.md': ['floors'],
};

type TableName = 'costs' | 'speed' | 'floors';

/** A document's text, with its tables made anew from the records of a folder. */
export function withFigures(text: string, tables: readonly TableName[], folder: string): string {
  const suiteOf = (suite: string) => new Figures(folder, suite);
  const make: Record<TableName, () => string> = {
    costs: () => costs(suiteOf('cache')),
    speed: () => speed(suiteOf('cache')),
    floors: () => floors(suiteOf),
  };
  let result = text;
  for (const name of tables) {
    const [begin, end] = [`<!-- measured: ${name} -->\n`, '\n<!-- /measured -->'];
    const from = result.indexOf(begin);
    const to = result.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`There is no table ${name}: ${begin.trim()}`);
    result = result.slice(0, from + begin.length) + make[name]() + result.slice(to);
  }
  return result;
}
