/** Patience: every wait of a thread that may not park ends, and what it leaves is repaired. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from '../../test/support/structures.ts';
import {
  assertSound,
  clearAll,
  createZone,
  openZone,
  type TestZone,
  type ZoneExports,
} from '../../test/support/zone.ts';

const MORTAL = 99;
const HALT = 0x100;
const AT_SAFEPOINT = 0x200;
const STOP_WORD = facts.THREADS_STATE + offsetOf('ThreadsState', 'stop');

/** A cache with a thread that parks, in slot 1, one that may not, and one that may die. */
function withBrowser(): { zone: TestZone; browser: ZoneExports } {
  const zone = createZone({ hasStore: true });
  const browser = openZone(zone.memory);
  assert.equal(browser.attach(7, 0), 2);
  assert.equal(browser.prepare(), 0);
  zone.join(MORTAL);
  return { zone, browser };
}

/** What thread 1 may be in the midst of: its operation, a word that it holds, and as what. */
interface Hindrance {
  operation: number;
  word?: (zone: TestZone) => number;
  value?: number;
  /** Calls that are known to come to it. */
  ended: string[];
}

const anything = ['set', 'remove', 'allocFolio', 'reclaim', 'clear', 'registerType', 'zsCreate'];
const stopping = { operation: facts.OP_CHECK, word: () => STOP_WORD };
/** A lock's owner rests for another lock, so that the world can be halted. */
const locking = { operation: facts.OP_WRITE | AT_SAFEPOINT, value: 1 };
const hindrances: Record<string, Hindrance> = {
  'stops the world': { ...stopping, value: 1, ended: [...anything, 'check', 'detach'] },
  'halts the world': { ...stopping, value: 1 | HALT, ended: [...anything, 'check', 'detach'] },
  'is in a call': { operation: facts.OP_WRITE, ended: ['drainAll', 'check'] },
  'has the lock of threads': {
    ...{ ...locking, word: () => facts.THREADS_STATE },
    ended: ['recoverDead', 'check'],
  },
  'has the lock of limbo': { ...locking, word: () => facts.LIMBO_STATE, ended: ['check'] },
  'has the lock of slabs': { ...locking, word: () => facts.SLAB_STATE, ended: ['allocFolio'] },
  'has the lock of zsmalloc': { ...locking, word: () => facts.ZS_STATE, ended: ['zsCreate'] },
  'has the lock of types': {
    ...{ ...locking, word: () => facts.MEMDESC_STATE },
    ended: ['registerType'],
  },
  'has the lock of a shard': {
    ...{ ...locking, word: ({ words }) => words[SHARDS / 4] as number },
    ended: ['set'],
  },
};
const SHARDS = facts.QUEUE_STATE + offsetOf('QueueState', 'shards');

function setInKernel({ words }: TestZone, operation: number): void {
  words[wordOfSlot(1, 'inKernel') / 4] = operation;
}

/** Puts thread 1 into it. @returns what ends it */
function begin(zone: TestZone, { operation, word, value = 0 }: Hindrance): () => void {
  const at = word?.(zone) ?? 0;
  assert.ok(at === 0 || zone.words[at / 4] === 0);
  if (at !== 0) zone.words[at / 4] = value;
  setInKernel(zone, operation);
  return () => {
    if (at !== 0) zone.words[at / 4] = 0;
    setInKernel(zone, 0);
  };
}

/** Sets a value long enough that it takes zspages, slabs and pages. */
function set({ bytes }: TestZone, browser: ZoneExports, index: number): number {
  bytes.fill(index, browser.keyScratch(), browser.keyScratch() + 8);
  for (let at = 0; at < 8000; at++) bytes[browser.inputScratch() + at] = (at * at * index) % 251;
  return browser.set(8, 8000, 0, 0);
}

const calls: Record<string, (zone: TestZone, browser: ZoneExports) => unknown> = {
  set: (zone, browser) => {
    for (let index = 1; index <= 40; index++) assert.ok(set(zone, browser, index) >= 0);
  },
  remove: (_, browser) => browser.remove(8),
  allocFolio: (_, browser) => {
    for (let i = 0; i < 100; i++)
      assert.equal(browser.freeFolio(browser.allocFolio(0, facts.TYPE_ANON_FOLIO)), 0);
  },
  reclaim: (_, browser) => browser.reclaim(),
  clear: (_, browser) => clearAll(browser),
  registerType: (_, browser) => browser.registerType(64, 0),
  zsCreate: (_, browser) => browser.zsCreate(),
  drainAll: (_, browser) => browser.drainAll(),
  recoverDead: (_, browser) => {
    browser.markDead(MORTAL);
    return browser.recoverDead();
  },
  synchronize: (_, browser) => browser.synchronize(1),
  check: (_, browser) => browser.check(),
  detach: (_, browser) => browser.detach(),
};

for (const [name, hindrance] of Object.entries(hindrances)) {
  test(`while a thread ${name}, every call of one that may not park ends`, () => {
    const ended = new Set<string>();
    for (const [callName, call] of Object.entries(calls)) {
      const { zone, browser } = withBrowser();
      for (let index = 41; index < 60; index++) assert.ok(set(zone, browser, index) >= 0);
      const end = begin(zone, hindrance);
      if (gaveUp(browser, () => call(zone, browser))) ended.add(callName);
      end();
      assert.equal(browser.repairSelf(1), 0);
      assertSound(zone.kernel);
    }
    for (const one of hindrance.ended) assert.ok(ended.has(one), `${one} does not come to it`);
  });
}

/** Whether a call ended by losing patience; not by another trap. */
function gaveUp(browser: ZoneExports, call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    assert.equal(browser.wasRefused(), facts.GAVE_UP);
    assert.equal(browser.wasRefused(), 0, 'it is told once');
    return true;
  }
}
