/** The file that a save leaves: its mode, links to it, and what is no file. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { BadImageError } from '../../errors.ts';
import { SharedCache } from '../constructor.ts';

type Save = (cache: SharedCache, file: string) => unknown;

const saves: Record<string, Save> = {
  'cache.save': (cache, file) => cache.save(file),
  'arena.save': (cache, file) => cache.arena.save(file),
};

for (const [name, save] of Object.entries(saves)) {
  test(`${name} keeps the mode of the file that is there`, async () => {
    using cache = new SharedCache({ maxSize: '4MiB' });
    const file = join(tempFolder(), 'file');
    writeFileSync(file, 'other');
    writeFileSync(`${file} of the umask`, '');
    for (const mode of [0o600, 0o666]) {
      chmodSync(file, mode);
      await save(cache, file);
      assert.equal(statSync(file).mode & 0o777, mode);
      assert.ok(statSync(file).size > 5);
    }
    rmSync(file);
    await save(cache, file);
    assert.equal(statSync(file).mode, statSync(`${file} of the umask`).mode);
  });

  test(`${name} writes what a link leads to, there or not yet`, async () => {
    using cache = new SharedCache({ maxSize: '4MiB' });
    const folder = tempFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'way'));
    symlinkSync(join('way', 'second'), join(folder, 'first'));
    symlinkSync('file', join(folder, 'real', 'second'));
    for (let i = 0; i < 2; i++) {
      await save(cache, join(folder, 'first'));
      assert.ok(lstatSync(join(folder, 'first')).isSymbolicLink());
      assert.ok(lstatSync(join(folder, 'real', 'file')).isFile());
    }
    assert.deepEqual(readdirSync(join(folder, 'real')).sort(), ['file', 'second']);
  });

  test(`${name} refuses what is no file, and leaves it`, async () => {
    using cache = new SharedCache({ maxSize: '4MiB' });
    const folder = tempFolder();
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.on('listening', resolve));
    mkdirSync(join(folder, 'folder'));
    symlinkSync('loop', join(folder, 'loop'));
    const before = readdirSync(folder);
    for (const file of before) {
      const saving = async () => save(cache, join(folder, file));
      await assert.rejects(saving, (error: Error) => {
        assert.ok(error instanceof BadImageError);
        assert.match(error.message, /^The (saved cache|arena image) .* cannot be written: /, file);
        return true;
      });
    }
    assert.ok(lstatSync(join(folder, 'socket')).isSocket());
    assert.deepEqual(readdirSync(folder), before);
    server.close();
  });
}

test('a process that Node allows no files is told by typed errors', () => {
  const folder = tempFolder();
  const program = `
    import { Arena, SharedCache } from ${JSON.stringify(new URL('../../index.ts', import.meta.url))};
    const [file] = process.argv.slice(1);
    const cache = new SharedCache({ maxSize: '4MiB' });
    const calls = [
      () => cache.save(file),
      () => cache.arena.save(file),
      () => SharedCache.load(file),
      () => Arena.load(file),
    ];
    for (const call of calls) {
      try {
        await call();
      } catch ({ code, cause }) {
        console.log(code, cause?.code);
      }
    }`;
  const checkout = new URL('../../..', import.meta.url).pathname;
  const refused = 'ERR_PAGELESS_BAD_IMAGE ERR_ACCESS_DENIED';
  const absent = 'ERR_PAGELESS_BAD_IMAGE ENOENT';
  for (const [readable, loaded] of [
    [checkout, refused],
    ['*', absent],
  ]) {
    const may = ['--permission', '--allow-worker', `--allow-fs-read=${readable}`, '--no-warnings'];
    const call = ['--input-type=module', '--eval', program, join(folder, 'file')];
    const told = execFileSync(process.execPath, [...may, ...call], { encoding: 'utf8' });
    assert.deepEqual(told.trim().split('\n'), [refused, refused, loaded, loaded]);
  }
});

test('under the permission model a file that is saved over gets no more rights', () => {
  const folder = tempFolder();
  const program = `
    import { chmodSync, statSync } from 'node:fs';
    import { SharedCache } from ${JSON.stringify(new URL('../../index.ts', import.meta.url))};
    const [file] = process.argv.slice(1);
    process.umask(0o022);
    const cache = new SharedCache({ maxSize: '4MiB', values: 'string' });
    cache.set('key', 'value');
    await cache.save(file);
    cache.arena.save(file + '.image');
    for (const mode of [0o600, 0o666]) {
      for (const name of [file, file + '.image']) chmodSync(name, mode);
      await cache.save(file);
      cache.arena.save(file + '.image');
      for (const name of [file, file + '.image']) {
        const seen = statSync(name).mode & 0o777;
        console.log(seen === mode || seen === (mode & ~0o022));
      }
    }
    console.log((await SharedCache.load(file)).get('key'));`;
  const may = ['--permission', '--allow-worker', '--allow-fs-read=*', `--allow-fs-write=${folder}`];
  const call = ['--no-warnings', '--input-type=module', '--eval', program, join(folder, 'file')];
  const told = execFileSync(process.execPath, [...may, ...call], { encoding: 'utf8' });
  assert.equal(told, 'true\ntrue\ntrue\ntrue\nvalue\n');
  assert.deepEqual(readdirSync(folder).sort(), ['file', 'file.image']);
});
