/** A thread of the stress run that moves pages without pause, whoever is using them. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Folio, SharedCache } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';
import { workInSlices } from './slices.ts';
import type { StressData } from './stress-worker.ts';

const { handle, shared, writer } = workerData as StressData;
const run = seeded(`compact ${writer}`);
const { arena } = SharedCache.attach(handle);
const first = arena.kernel.firstPfn();
const pages = arena.kernel.pageCount() - first;
/** They stay in the arena if this thread is killed, so few. */
const FOLIOS = 2;
const folios: Folio[] = [];

/** A folio is one number all over, wherever it is. */
function checkFolio(): void {
  const folio = folios[run.int(FOLIOS)] ?? arena.allocFolio(run.int(2));
  if (folio === undefined) return;
  using view = folio.map();
  if (folios.includes(folio)) {
    const wrong = view.findIndex((byte) => byte !== (folio.name & 255));
    if (wrong >= 0) throw new Error(`folio ${folio.name}: byte ${wrong} is ${view[wrong]}`);
  } else {
    view.fill(folio.name & 255);
    folios.push(folio);
  }
}

/** At once: it may be killed before the next one. */
function tell(moved: number): void {
  parentPort?.postMessage({ moved });
}

/** The cache fills the zone, so mostly a few pages are all that there is room for. */
function step(): void {
  checkFolio();
  if (run.int(50) === 0) {
    tell(arena.compact({ budgetMs: 5 }).moved);
  } else {
    const count = 1 + run.int(64);
    tell(arena.evacuate({ pfn: first + run.int(pages - count), count }).moved);
  }
}

workInSlices({ shared, writer, step, slice: 5 });
