/**
 * Pages that cannot be moved are passed without a lock, a reference or a write: asserted on every
 * memory access of the release binary.
 */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { testsApart } from './engine/apart.ts';
import type { AccessEvent, EngineEvent, Observer } from './engine/observer.ts';
import { loadKernel, runScenario } from './kernel-model.ts';

const test = testsApart(import.meta.url);

const OWN_BYTES = 1024;
const PAGES = 64;
/** The main thread has slot 1. */
const SLOT = 2;

/** Where a step may write: the record of compaction, and the thread's own slot. */
function isOwn(address: number, slot: number): boolean {
  const inRecord = address >= facts.COMPACT_STATE && address < facts.COMPACT_STATE + OWN_BYTES;
  const at = facts.SLOT_TABLE + slot * facts.SLOT_BYTES;
  return inRecord || (address >= at && address < at + facts.SLOT_BYTES);
}

class Witness implements Observer {
  readonly writes: AccessEvent[] = [];
  readonly words = new Set<number>();
  #isLooking = false;

  observe(event: EngineEvent): void {
    if (event.kind === 'call') this.#isLooking = event.name === 'compactStep';
    if (event.kind === 'return') this.#isLooking = false;
    if (event.kind !== 'access' || !this.#isLooking) return;
    if (event.site.writes) this.writes.push(event);
    else this.words.add(event.address);
  }
}

test('what cannot move is passed without lock, reference or write', async () => {
  const witness = new Witness();
  let first = 0;
  const report = await runScenario(
    loadKernel,
    {
      name: 'unmovable-skip',
      rule: 'what cannot move is passed without lock, reference or write',
      bound: 0,
      prepare: ({ main }) => {
        const pfns = Array.from({ length: PAGES }, () => Number(main.callNow('allocPages', 0, 0)));
        first = Math.min(...pfns);
        assert.equal(Math.max(...pfns) - first, PAGES - 1);
      },
      threads: [
        async (thread) => {
          assert.equal(await thread.call('beginEvacuation', first, PAGES), 0);
          assert.equal(await thread.call('compactStep'), 1);
          assert.equal(await thread.call('whyHeld', first), facts.REASON_UNMOVABLE);
        },
      ],
      // The thread stops in the middle of its evacuation, which `check` has nothing against.
      check: () => {},
    },
    { observer: witness },
  );
  assert.equal(report.failure, undefined, report.failure?.message);
  const pageWords = Array.from({ length: PAGES }, (_, i) => facts.PAGE_MAP + (first + i) * 4);
  assert.ok(
    pageWords.every((at) => witness.words.has(at)),
    'each page was looked at',
  );
  const foreign = witness.writes.filter(({ address }) => !isOwn(address, SLOT));
  assert.deepEqual(
    foreign.map(({ address, site }) => `${site.functionName} ${address}`),
    [],
  );
  const elsewhere = [...witness.words].filter((at) => at >= first * facts.PAGE_BYTES);
  assert.deepEqual(elsewhere, [], 'neither a page nor a descriptor was read');
});
