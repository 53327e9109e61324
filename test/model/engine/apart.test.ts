/** Calls apart are made on one other thread, as long as none throws. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { callApart } from './apart.ts';

const module = `data:text/javascript,${encodeURIComponent(`
  import { threadId } from 'node:worker_threads';
  export const whereIsIt = () => threadId;
  export const fail = async (why) => { throw new TypeError(why); };`)}`;

test('what throws apart rejects, and the next call has another thread', async () => {
  const first = await callApart(module, 'whereIsIt');
  assert.notEqual(first, threadId);
  assert.equal(await callApart(module, 'whereIsIt'), first);
  await assert.rejects(callApart(module, 'fail', 'out of luck'), {
    name: 'TypeError',
    message: 'out of luck',
  });
  const next = await callApart(module, 'whereIsIt');
  assert.ok(next !== first && next !== threadId);
});
