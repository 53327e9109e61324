/**
 * rcutorture: readers in sections, and an updater that replaces what they look at.
 *
 * A replaced element ages by one with its replacement, and by one with each grace period after. A
 * reader may meet an element of age 0 or 1: it was replaced while the reader was in its section.
 * One of age 2 has outlived a whole grace period that the section should have held up. After ten
 * the updater uses it again. The control runs readers of a kernel whose sections are left out: they
 * must be caught, else the test shows nothing.
 *
 * Source (facts, not code): Linux kernel/rcu/rcutorture.c, its pipe counts and its broken variant.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import binaryen from 'binaryen';
import { PATIENCE_MS } from '../support/patience.ts';
import { type CompiledModule, testKernelModule } from '../support/test-kernel.ts';
import { createZone, type TestZone } from '../support/zone.ts';
import { SCALE, sharedWords, whileReading } from './crew.ts';
import {
  BUCKETS,
  CURRENT,
  ELEMENTS,
  LAST_BUCKET,
  PIPE_LENGTH,
  PIPES,
  TORTURE_WORDS,
} from './torture.ts';

const GRACE_PERIODS = 500;
const LIMIT_MS = 1000;

/** How many readers met an element that was older than it may be. */
function tooOld(shared: Int32Array): number {
  let sum = 0;
  for (let bucket = 2; bucket <= LAST_BUCKET; bucket++) {
    sum += Atomics.load(shared, BUCKETS + bucket);
  }
  return sum;
}

/** Replaces and waits, until `isEnough` of the grace periods so far. */
function update({ kernel }: TestZone, shared: Int32Array, isEnough: (n: number) => boolean): void {
  const free = Array.from({ length: ELEMENTS - 1 }, (_, i) => i + 1);
  let removed: number[] = [];
  for (let periods = 0; !isEnough(periods); ) {
    const next = free.pop();
    if (next !== undefined) {
      Atomics.store(shared, PIPES + next, 0);
      const old = Atomics.exchange(shared, CURRENT, next);
      Atomics.add(shared, PIPES + old, 1);
      removed.push(old);
    }
    if (kernel.synchronize(LIMIT_MS) !== 0) continue;
    periods++;
    const isOver = (element: number) => Atomics.add(shared, PIPES + element, 1) + 1 > PIPE_LENGTH;
    const ripe = removed.filter(isOver);
    removed = removed.filter((element) => !ripe.includes(element));
    free.push(...ripe);
  }
}

async function torture(
  module: CompiledModule,
  isEnough: (shared: Int32Array, periods: number) => boolean,
): Promise<{ looks: number; shared: Int32Array }> {
  const zone = createZone();
  const shared = sharedWords(TORTURE_WORDS);
  const kernel = { memory: zone.memory, module };
  const looks = await whileReading({ role: 'torture', shared, kernel, values: [] }, () =>
    update(zone, shared, (periods) => isEnough(shared, periods)),
  );
  return { looks, shared };
}

/** The kernel, but that nobody enters a section. */
function kernelWithoutSections(): CompiledModule {
  const url = new URL('../../build/kernel/test.wasm', import.meta.url);
  const module = binaryen.readBinary(readFileSync(url));
  module.setFeatures(binaryen.Features.All);
  const { value } = binaryen.getExportInfo(module.getExport('enterSection'));
  module.removeFunction(value);
  module.addFunction(value, binaryen.none, binaryen.none, [], module.nop());
  const bytes = module.emitBinary();
  module.dispose();
  return new WebAssembly.Module(bytes as BufferSource) as CompiledModule;
}

test('no reader meets what is older than a grace period', async (context) => {
  const deadline = performance.now() + PATIENCE_MS;
  const { looks, shared } = await torture(testKernelModule(), (words, periods) => {
    const haveMet = [0, 1].every((age) => Atomics.load(words, BUCKETS + age) > 0);
    return periods >= GRACE_PERIODS * SCALE && (haveMet || performance.now() > deadline);
  });
  const [fresh = 0, replaced = 0] = shared.subarray(BUCKETS);
  context.diagnostic(`${looks} looks, ${fresh} at what is current, ${replaced} at what was`);
  assert.ok(fresh > 0 && replaced > 0, 'readers and updater did not meet');
  assert.equal(tooOld(shared), 0);
});

test('readers without sections are caught', async () => {
  const deadline = performance.now() + PATIENCE_MS;
  const { shared } = await torture(
    kernelWithoutSections(),
    (words) => tooOld(words) > 0 || performance.now() > deadline,
  );
  assert.ok(tooOld(shared) > 0, 'the control went unnoticed');
});
