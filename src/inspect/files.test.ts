/** Recordings: what was seen is in the file, also when the program did not come to an end. */

import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { Arena } from '../arena/arena.ts';
import { SharedCache } from '../cache/shared-cache.ts';
import { BadImageError } from '../errors.ts';
import type { Figures, Head } from './figures.ts';
import { inspectFile, readRecording } from './files.ts';
import { inspect } from './index.ts';
import {
  CHANGES,
  decodeChanges,
  decodeMap,
  encodeJson,
  FIGURES,
  FrameReader,
  HEAD,
  MAP,
} from './wire.ts';

const folder = tempFolder();

interface Played {
  head: Head;
  codes: Uint8Array;
  figures: Figures[];
}

/** Plays a recording of one zone to its end. */
function play(file: string, pages: number): Played {
  const played: Played = { head: {} as Head, codes: new Uint8Array(pages), figures: [] };
  const fill = (first: number, count: number, code: number) =>
    played.codes.fill(code, first, first + count);
  for (const { kind, body } of new FrameReader().push(readRecording(file))) {
    const text = () => JSON.parse(Buffer.from(body).toString());
    if (kind === HEAD) played.head = text();
    else if (kind === MAP) decodeMap(body, pages, fill);
    else if (kind === CHANGES) decodeChanges(body, pages, fill);
    else if (kind === FIGURES) played.figures.push(text());
  }
  return played;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(20);
}

test('a recording ends with what the program had last, and names no key', async () => {
  const file = join(folder, 'whole');
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const inspector = await inspect(cache, { record: file, keys: true });
  for (let i = 0; i < 3000; i++) cache.set(`secret key ${i}`, `secret value ${i} `.repeat(40));
  await inspector.close();
  const { pages, pagesByUse, entries } = cache.arena.report();
  const { head, codes, figures } = play(file, pages);
  assert.deepEqual([head.from, head.hasKeys, head.pid], ['recording', false, process.pid]);
  assert.equal(figures.at(-1)!.entries, entries);
  assert.equal(codes.filter((code) => code === 8).length, pagesByUse.zspage);
  assert.equal(Buffer.from(readRecording(file)).includes('secret'), false);
  assert.equal(statSync(file).mode & 0o077, 0, 'for nobody else');
});

test('a recording that was cut off is shown as far as it goes', async () => {
  const file = join(folder, 'cut');
  using arena = new Arena({ size: '4MiB' });
  await using inspector = await inspect(arena, { record: file, port: false });
  assert.equal(inspector.url, undefined);
  const size = () => statSync(file).size;
  await until(() => size() > 100);
  const first = size();
  await until(() => size() > first);
  const copy = join(folder, 'copy');
  writeFileSync(copy, readFileSync(file));
  truncateSync(copy, statSync(copy).size - 3);
  const { codes, figures } = play(copy, arena.report().pages);
  assert.equal(codes[0], 1);
  assert.ok(figures.length >= 1);
});

test('what is neither an image nor a recording is refused', async () => {
  const refuses = async (content: Uint8Array | undefined, reason: RegExp) => {
    const file = join(folder, 'bad');
    if (content) writeFileSync(file, content);
    await assert.rejects(inspectFile(content ? file : join(folder, 'none')), (error) => {
      assert.ok(error instanceof BadImageError);
      assert.match(error.message, reason);
      return true;
    });
  };
  await refuses(undefined, /cannot be read/);
  await refuses(Buffer.from(''), /header alone has/);
  await refuses(Buffer.from('something else, long enough for a header'), /plzimage/);
  await refuses(gzipSync('something else'), /as a recording it is damaged/);
  await refuses(gzipSync(Buffer.alloc(0)), /nor is it a recording/);
  await refuses(gzipSync(encodeJson(HEAD, 0, { version: 99 })), /its version is 99/);
  const damaged = gzipSync(encodeJson(HEAD, 0, { version: 1 }));
  damaged[12] = damaged[12]! ^ 255;
  await refuses(damaged, /as a recording/);
  assert.throws(() => gunzipSync(damaged));
});
