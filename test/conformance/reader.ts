/**
 * A reader of the conformance tests (crew.ts): does what its role says until it is told to stop.
 */
import assert from 'node:assert/strict';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Arena, type Pin } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';
import { attachTestKernel } from '../support/test-kernel.ts';
import type { ZoneExports } from '../support/zone.ts';
import { READY, type ReaderData, type ReaderResult, STOP } from './crew.ts';
import { assertStamped } from './stamps.ts';
import { BUCKETS, CURRENT, LAST_BUCKET, PIPES } from './torture.ts';

const { role, shared, arena: handle, kernel: bare, values } = workerData as ReaderData;
const run = seeded(`reader ${threadId}`);

function linger(looks: number): void {
  for (let i = 0; i < looks; i++) Atomics.load(shared, STOP);
}

/** Follows the current pointer in a section, and counts how many grace periods it is old. */
function torture(): () => void {
  const kernel = attachTestKernel<ZoneExports>(bare!.memory, bare!.module).exports;
  assert.ok(kernel.attach(threadId + 1, 1) > 0);
  return () => {
    kernel.enterSection();
    const element = Atomics.load(shared, CURRENT);
    linger(run.int(2000));
    const pipe = Atomics.load(shared, PIPES + element);
    kernel.leaveSection();
    Atomics.add(shared, BUCKETS + Math.min(pipe, LAST_BUCKET), 1);
  };
}

function attached(): Arena {
  return Arena.attach(handle!);
}

/** Reads a folio, by its name, whole. */
function readFolio(): () => void {
  const arena = attached();
  const [name = 0] = values;
  return () => {
    {
      using view = arena.folio(name)!.map();
      assertStamped(view, name & 0xffff);
    }
    linger(run.int(200));
  };
}

/** Pins pages of a range by their numbers; what is pinned covers the page and is whole. */
function pinPages(): () => void {
  const arena = attached();
  const [first = 0, pages = 0, hold = 0] = values;
  return () => {
    const pfn = first + run.int(pages);
    using pin = tryPin(arena, pfn);
    if (pin === undefined) return;
    const { use, ownerWords } = arena.describe(pfn);
    if (use !== 'anonymous folio') return;
    const covers = pfn - pin.pfn;
    assert.ok(covers >= 0 && covers < 2 ** pin.order, `${pfn} pinned, ${pin.pfn} got`);
    if (ownerWords![0] !== 0) assertStamped(arena.bytesOf(pin.pfn, pin.order), ownerWords![0]!);
    linger(run.int(hold));
  };
}

function tryPin(arena: Arena, pfn: number): Pin | undefined {
  try {
    return arena.pin(pfn);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ERR_PAGELESS_NO_DESCRIPTOR', String(error));
    return undefined;
  }
}

const roles: Record<string, () => () => void> = { torture, readFolio, pinPages };

function work(): ReaderResult {
  let looks = 0;
  try {
    const look = roles[role]!();
    Atomics.add(shared, READY, 1);
    for (; Atomics.load(shared, STOP) === 0; looks++) look();
    return { looks };
  } catch (error) {
    Atomics.add(shared, READY, 1);
    return { looks, error };
  }
}

parentPort?.postMessage(work());
