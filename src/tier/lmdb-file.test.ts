/** Files of LMDB that are whole, cut off, and none of its: looked at, never opened. */

import assert from 'node:assert/strict';
import fs, { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { open } from 'lmdb';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { damageOf } from './lmdb-file.ts';
import { LmdbStore } from './lmdb-store.ts';

const folder = tempFolder();
const file = join(folder, 'data.mdb');

test('a file that is not there, is empty, grows and is closed is no damaged one', async () => {
  assert.equal(damageOf(file), undefined);
  writeFileSync(file, '');
  assert.equal(damageOf(file), undefined);
  const root = open({ path: folder, noSubdir: false, encoding: 'binary' });
  for (let i = 0; i < 200; i++) {
    await root.put(`key ${i}`, Buffer.alloc(20 * i));
    assert.equal(damageOf(file), undefined);
  }
  await root.close();
  assert.equal(damageOf(file), undefined);
});

test('one that is cut off, written over or another program’s is damaged', () => {
  const whole = readFileSync(file);
  const looked = (bytes: Uint8Array | string) => {
    writeFileSync(file, bytes);
    return damageOf(file);
  };
  const cut = looked(whole.subarray(0, -1))!;
  assert.match(cut.why, /^it is cut off: \d+ bytes of \d+$/);
  assert.equal(cut.mayPass, false);
  const other = { why: 'it is none of lmdb’s', mayPass: false };
  assert.deepEqual(looked('a text of another program, long enough for a number'), other);
  const second = { why: 'its second page is none of lmdb’s', mayPass: false };
  assert.deepEqual(looked(Buffer.from(whole).fill(1, 4096, 8192)), second);
  assert.equal(looked(whole), undefined);
  appendFileSync(file, Buffer.alloc(4096));
  assert.equal(damageOf(file), undefined);
  // Nothing is there, or not yet.
  for (const bytes of [whole.subarray(0, 20), Buffer.alloc(whole.length)]) {
    assert.deepEqual(looked(bytes), { ...other, mayPass: true });
  }
  assert.deepEqual(looked(whole.subarray(0, 4096)), { ...second, mayPass: true });
  writeFileSync(file, whole);
});

test('one that is damaged is looked at once, one that may be begun again and again', async (t) => {
  const whole = readFileSync(file);
  const { openSync } = fs;
  let looks = 0;
  t.mock.method(fs, 'openSync', (...given: Parameters<typeof openSync>) => {
    if (given[0] === file) looks++;
    return openSync(...given);
  });
  syncBuiltinESMExports();
  const looksAt = async (bytes: Uint8Array) => {
    writeFileSync(file, bytes);
    looks = 0;
    await assert.rejects(LmdbStore.open(folder, 2 ** 20), { code: 'ERR_PAGELESS_TIER' });
    return looks;
  };
  assert.equal(await looksAt(whole.subarray(0, -1)), 2, 'each page of meta data once');
  assert.equal(await looksAt(Buffer.alloc(4096)), 5);
  t.mock.restoreAll();
  syncBuiltinESMExports();
  writeFileSync(file, whole);
});

test('one that another process makes longer between two looks is no damaged one', (context) => {
  const long = readFileSync(file);
  const short = long.subarray(0, 2 * 4096);
  writeFileSync(file, short);
  assert.match(damageOf(file)!.why, /^it is cut off/);
  let isLonger = false;
  const { openSync } = fs;
  context.mock.method(fs, 'openSync', (...given: Parameters<typeof openSync>) => {
    if (!isLonger) {
      isLonger = true;
      fs.truncateSync(file, long.length);
    }
    return openSync(...given);
  });
  syncBuiltinESMExports();
  assert.equal(damageOf(file), undefined);
  assert.ok(isLonger);
  context.mock.restoreAll();
  syncBuiltinESMExports();
});
