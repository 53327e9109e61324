/** Names of keys: the same hash, whether of a name or of the bytes that it stands for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfName, hashOf, hashOfBytes, nameOf } from './key-name.ts';

test('a name has the hash of its bytes, and its bytes are those of the key', () => {
  const keys = [
    'k',
    'user:12:entry',
    'Käse 🧀',
    '\u0000\u007f\u0080',
    new Uint8Array([0, 255, 128]),
  ];
  for (const key of keys) {
    const bytes = Buffer.from(key as string);
    const name = nameOf(key);
    assert.deepEqual(bytesOfName(name), bytes);
    const scratch = Buffer.concat([bytes, Buffer.from('of the key before')]);
    assert.equal(hashOfBytes(scratch, bytes.length), hashOf(name));
  }
});
