/** Files of LMDB that are whole, cut off, and none of its: looked at, never opened. */
import assert from 'node:assert/strict';
import fs, { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { open } from 'lmdb';
import { whyDamaged } from './lmdb-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'pageless-lmdb-'));
const file = join(folder, 'data.mdb');
after(() => rmSync(folder, { recursive: true }));

test('a file that is not there, is empty, grows and is closed is no damaged one', async () => {
  assert.equal(whyDamaged(file), undefined);
  writeFileSync(file, '');
  assert.equal(whyDamaged(file), undefined);
  const root = open({ path: folder, noSubdir: false, encoding: 'binary' });
  for (let i = 0; i < 200; i++) {
    await root.put(`key ${i}`, Buffer.alloc(20 * i));
    assert.equal(whyDamaged(file), undefined);
  }
  await root.close();
  assert.equal(whyDamaged(file), undefined);
});

test('one that is cut off, written over or another program’s is damaged', () => {
  const whole = readFileSync(file);
  const looked = (bytes: Uint8Array | string) => {
    writeFileSync(file, bytes);
    return whyDamaged(file);
  };
  assert.match(looked(whole.subarray(0, -1))!, /^it is cut off: \d+ bytes of \d+$/);
  assert.match(looked(whole.subarray(0, 4096))!, /second page/);
  assert.equal(looked(whole.subarray(0, 20)), 'it is none of lmdb’s');
  assert.equal(looked('a text'), 'it is none of lmdb’s');
  assert.equal(looked(Buffer.alloc(whole.length)), 'it is none of lmdb’s');
  assert.equal(looked(whole), undefined);
  appendFileSync(file, Buffer.alloc(4096));
  assert.equal(whyDamaged(file), undefined);
});

test('one that another process makes longer between two looks is no damaged one', (context) => {
  const long = readFileSync(file);
  const short = long.subarray(0, 2 * 4096);
  writeFileSync(file, short);
  assert.match(whyDamaged(file)!, /^it is cut off/);
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
  assert.equal(whyDamaged(file), undefined);
  assert.ok(isLonger);
  context.mock.restoreAll();
  syncBuiltinESMExports();
});
