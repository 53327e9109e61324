/** An access that its judge objects to ends the execution, before it happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTER, calling, FLAG, run } from './fixtures.ts';
import { type Judge, LifetimeChecker } from './index.ts';

/** While the flag is set nobody may touch the counter. */
const judge: Judge = (_words, address, length, _site, look) => {
  const isHit = address < COUNTER + 4 && address + length > COUNTER;
  return isHit && look(FLAG >>> 2) !== 0 ? 'the counter, which is closed' : '';
};

test('a touch of closed memory is a violation, in the schedule where it happens', async () => {
  const close = calling(['addWhole', FLAG]);
  const observer = new LifetimeChecker(judge);
  const touch = calling(['addWhole', COUNTER]);
  const { failure } = await run({ threads: [touch, close], observer });
  const message = 't0 add32 in addWhole touches the counter, which is closed: counter, 4 bytes';
  assert.equal(failure?.message.replaceAll('programs/', ''), message);
  assert.equal(failure?.schedule, '1.0');
  const beside = calling(['copyBytes', COUNTER + 4, COUNTER - 9, 9]);
  const apart = await run({ threads: [beside, close], observer });
  assert.deepEqual([apart.failure, apart.complete], [undefined, true]);
});
