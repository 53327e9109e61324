/**
 * Two versions of the package in one process, each packed and installed under a name of its own:
 * this one, and this one under another number.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PATIENCE_MS } from '../support/patience.ts';
import { installed, packed } from './packed.ts';

const { folder } = packed();
const place = installed(folder);
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const [major, minor] = version.split('.').map(Number) as [number, number];
const nextMinor = `${major}.${minor + 1}.0`;
const nextPatch = `${major}.${minor}.99`;
/** The number as it stands in code, where a line may end within it. */
const written = new RegExp([...version].join('(?:\\\\\\n)?').replaceAll('.', '\\.'), 'g');

install('next-minor', nextMinor);
install('next-patch', nextPatch);

/** Packs and installs the package under another number, which its code knows as well. */
function install(name: string, number: string): void {
  const work = mkdtempSync(join(place, 'version-'));
  const copy = join(work, 'package');
  cpSync(folder, copy, { recursive: true });
  for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
    if (!/package\.json$|\.js$/.test(file)) continue;
    const text = readFileSync(join(copy, file), 'utf8');
    writeFileSync(join(copy, file), text.replace(written, number));
  }
  const flags = ['pack', '--silent', '--ignore-scripts', '--pack-destination', work];
  const tarball = execFileSync('npm', flags, { cwd: copy, encoding: 'utf8' }).trim();
  assert.equal(tarball, `pageless-${number}.tgz`);
  const target = join(place, 'node_modules', name);
  mkdirSync(target);
  execFileSync('tar', ['xzf', join(work, tarball), '-C', target, '--strip-components=1']);
}

/** Runs an ES module where they are installed. @returns what it prints */
function run(program: string): string {
  writeFileSync(join(place, 'program.mjs'), program);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['program.mjs'], {
    ...{ cwd: place, encoding: 'utf8', timeout: PATIENCE_MS },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

const told = `(error) => console.log(error.code, error.message)`;

function assertNamesBoth(text: string): void {
  assert.match(text, /^ERR_PAGELESS_INCOMPATIBLE_ZONE Cannot attach: /);
  for (const one of [version, nextMinor]) assert.ok(text.includes(`${one} (zone format`), text);
}

test('a second minor version in a thread is refused, and says which two', () => {
  assertNamesBoth(
    run(`
      import { SharedCache } from 'pageless';
      import { SharedCache as Next } from 'next-minor';
      using cache = new SharedCache({ maxSize: '4MiB' });
      try { new Next({ maxSize: '4MiB' }); } catch (error) { (${told})(error); }
      cache.set('first', Uint8Array.of(1));
      if (cache.get('first')?.[0] !== 1) throw new Error('the first does not go on');
    `),
  );
});

test('a worker with another minor version cannot attach, and is told both', () => {
  assertNamesBoth(
    run(`
      import { isMainThread, Worker, workerData } from 'node:worker_threads';
      if (isMainThread) {
        const { SharedCache } = await import('pageless');
        const { handle } = new SharedCache({ maxSize: '4MiB' });
        new Worker(new URL(import.meta.url), { workerData: handle });
      } else {
        const { SharedCache } = await import('next-minor');
        try { SharedCache.attach(workerData); } catch (error) { (${told})(error); }
        using own = new SharedCache({ maxSize: '4MiB' });
        own.set('own', Uint8Array.of(1));
      }
    `),
  );
});

test('another patch version works with it: one registry, one slot', () => {
  const output = run(`
    import { SharedCache } from 'pageless';
    import { SharedCache as Next } from 'next-patch';
    using cache = new SharedCache({ maxSize: '4MiB', values: 'string' });
    using same = Next.attach(cache.handle);
    cache.set('a', 'from the one');
    console.log(Next === SharedCache, same.get('a'), cache.stats().threads);
  `);
  assert.equal(output, 'false from the one 1\n');
});
