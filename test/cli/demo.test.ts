/**
 * The demo, as a user runs it: on small trees, under pressure, and on everything that can be wrong
 * with what it is given.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sizeOption, workersOption, zoneSizeOption } from '../../src/cli/options.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { lastLine, pageless, reportOf, tempTree, textFiles } from './helpers.ts';

const tree = tempTree({
  ...textFiles(60, 3000),
  'empty.txt': '',
  'one.bin': Uint8Array.of(0),
  'long.txt': 'three blocks and a bit\n'.repeat(9000),
  'noise.bin': randomBytes(100_000),
});
const FILES = 64;

/** What every report must say of itself. */
function assertAccount(report: Record<string, number>): void {
  const { loaded, verified, evicted, deleted, refused } = report;
  assert.equal(loaded, verified! + evicted! + deleted! + refused!);
  assert.ok(verified! > 0);
  assert.equal(report.wrong, 0);
}

describe('demo', { concurrency: true }, () => {
  test('two workers verify what the other wrote', async () => {
    const { status, stdout, stderr } = await pageless(['demo', tree]);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.equal(lastLine(stdout), `verified ${FILES / 2} entries`);
    assert.match(stdout, /64 loaded = 32 verified \+ 0 evicted \+ 32 deleted \+ 0 refused/);
    assert.match(stdout, /zspage .*%/);
  });

  test('one worker is verified by the main thread', async () => {
    const { status, stdout } = await pageless(['demo', tree, '--workers', '1']);
    assert.equal(status, 0);
    assert.equal(lastLine(stdout), 'verified 32 entries');
  });

  test('--json prints one object with the zone in it', async () => {
    const outcome = await pageless(['demo', tree, '--json', '--workers', '3']);
    assert.equal(outcome.status, 0);
    const report = reportOf(outcome);
    assertAccount(report);
    assert.equal(report.workers, 3);
    assert.equal(report.loaded, FILES);
    assert.equal(report.zone.entries, report.verified);
    assert.equal(report.zoneAfterLoad.entries, FILES);
    assert.equal(report.zone.threads, 5);
    assert.ok(report.MBPerSecondIn > 0 && report.MBPerSecondOut > 0);
    assert.ok(report.cacheMBPerSecondIn > 0);
    for (const phase of ['load', 'verify', 'delete', 'recheck']) {
      assert.equal(typeof report.seconds[phase], 'number');
    }
  });

  test('values need not be compressed', async () => {
    const outcome = await pageless(['demo', tree, '--json', '--compression', 'none']);
    assertAccount(reportOf(outcome));
    assert.ok(reportOf(outcome).zoneAfterLoad.compressionRatio < 1);
  });

  test('more than fits is evicted and counted, and the rest is right', async () => {
    const large = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`noise-${index}`, randomBytes(30_000)]),
    );
    const outcome = await pageless(['demo', tempTree(large), '--max-size', '4MiB', '--json']);
    assert.equal(outcome.status, 0, outcome.stderr);
    const report = reportOf(outcome);
    assertAccount(report);
    assert.equal(report.loaded, 300);
    assert.ok(report.evicted > 100);
    assert.equal(report.evicted, report.zone.evictions);
  });

  test('without paths: the sources below the current folder', async () => {
    const files = { 'a.ts': 'a', 'deep/b.mjs': 'b', 'README.md': 'c', 'd.json': '{}' };
    const others = { 'e.txt': 'e', 'dist/f.js': 'f', '.git/g.js': 'g', 'build/h.ts': 'h' };
    const inner = { 'node_modules/x/dist/i.js': 'i' };
    const cwd = tempTree({ ...files, ...others, ...inner });
    const outcome = await pageless(['demo', '--json'], { cwd });
    assert.equal(reportOf(outcome).loaded, 5);
  });
});

describe('demo, given something it cannot use', { concurrency: true }, () => {
  const misuse: [args: string[], message: RegExp][] = [
    [['--workers', '1000'], /'1000'.*integer from 1 to 64/],
    [['--max-size', '1MiB'], /'1MiB'.*from 4MiB to 4GiB/],
  ];
  for (const [args, message] of misuse) {
    test(`${args.join(' ')}: status 2`, async () => {
      const { status, stderr } = await pageless(['demo', ...args, tree]);
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
  }

  test('numbers and sizes are refused before anything starts', () => {
    for (const text of ['0', '65', '1.5', '-1', 'two', '', '1e1']) {
      assert.throws(() => workersOption(text), /integer from 1 to 64/, text);
    }
    assert.equal(workersOption('64'), 64);
    for (const text of ['much', '', '0', '-4MiB', '4XB']) {
      assert.throws(() => sizeOption(text), /size such as 256MiB/, text);
    }
    for (const text of ['4194303', '4MB', '5GiB']) {
      assert.throws(() => zoneSizeOption(text), /from 4MiB to 4GiB/, text);
    }
    assert.equal(zoneSizeOption('4GiB'), 2 ** 32);
  });

  test('--save to where no file can be: status 1, before any work', async () => {
    for (const [file, message] of [
      [tree, /it is a folder/],
      [join(tree, 'no/where'), /its folder cannot be written to \(ENOENT/],
    ] as const) {
      const { status, stdout, stderr } = await pageless(['demo', tree, '--save', file]);
      assert.match(stderr, message);
      assert.equal(status, 1);
      assert.equal(stdout, '');
    }
  });

  test('a missing path: told, the rest is done, status 1', async () => {
    const { status, stdout, stderr } = await pageless(['demo', join(tree, 'nowhere'), tree]);
    assert.match(stderr, /nowhere: there is no such file or folder/);
    assert.equal(lastLine(stdout), 'verified 32 entries');
    assert.equal(status, 1);
  });

  test('an empty folder: status 1', async () => {
    const { status, stdout, stderr } = await pageless(['demo', tempFolder()]);
    assert.match(stderr, /nothing to load/);
    assert.equal(status, 1);
    assert.equal(stdout, '');
  });

  test('links that lead nowhere or back: told, the rest is done', async () => {
    const folder = tempTree({ 'a.txt': 'a', 'inner/b.txt': 'b' });
    symlinkSync('self', join(folder, 'self'));
    symlinkSync('gone', join(folder, 'dangling'));
    symlinkSync('..', join(folder, 'inner/back'));
    const outcome = await pageless(['demo', folder, '--json']);
    assert.match(outcome.stderr, /self: a symbolic link that leads back to itself/);
    assert.match(outcome.stderr, /dangling: a symbolic link to something that is not there/);
    assert.match(outcome.stderr, /back: a symbolic link back to .*, a folder above it/);
    assert.equal(reportOf(outcome).loaded, 2);
    assert.equal(outcome.status, 0);
  });

  test('a file longer than --max-entry-size is refused and told', async () => {
    const outcome = await pageless(['demo', tree, '--json', '--max-entry-size', '150KB']);
    const report = reportOf(outcome);
    assertAccount(report);
    assert.equal(report.refused, 1);
    assert.match(outcome.stderr, /long.txt: refused: longer than 146.5 KiB/);
    assert.equal(outcome.status, 0);
  });

  const skip = process.getuid?.() === 0 && 'root may read everything';
  test('what may not be read: told, the rest is done', { skip }, async () => {
    const folder = tempTree({ 'a.txt': 'a', 'b.txt': 'b', 'secret.txt': 's' });
    mkdirSync(join(folder, 'closed'), { mode: 0 });
    chmodSync(join(folder, 'secret.txt'), 0);
    const outcome = await pageless(['demo', folder, '--json']);
    chmodSync(join(folder, 'closed'), 0o700);
    assert.match(outcome.stderr, /secret.txt: cannot be read \(EACCES/);
    assert.match(outcome.stderr, /closed: cannot be read \(EACCES/);
    assert.equal(reportOf(outcome).loaded, 2);
    assert.equal(reportOf(outcome).unreadable, 1);
  });
});

/** Node's arguments that run `body` first in the second worker of the demo. */
function inSecondWorker(body: string): string[] {
  return inWorkers(`if (workerData.index === 1) { ${body} }`);
}

function inWorkers(body: string): string[] {
  const script = `import { parentPort, workerData } from 'node:worker_threads';
    if (workerData?.index >= 0) { ${body} }`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

describe('demo, when a worker', { concurrency: true }, () => {
  test('crashes: told, status 1, no hang', async () => {
    const body = `parentPort.once('message', () => { throw new Error('out of luck'); });`;
    const outcome = await pageless(['demo', tree], { nodeArgs: inSecondWorker(body) });
    assert.match(outcome.stderr, /worker 2 of 2 crashed: out of luck/);
    assert.equal(outcome.status, 1);
  });

  test('leaves while it loads: told, status 1, no hang', async () => {
    const body = `Uint8Array.prototype.set = () => process.exit(7);`;
    const outcome = await pageless(['demo', tree], { nodeArgs: inSecondWorker(body) });
    assert.match(outcome.stderr, /worker 2 of 2 ended early, with exit code 7/);
    assert.equal(outcome.status, 1);
  });

  test('gets one wrong byte: told, status 1', async () => {
    const library = new URL('../../src/index.ts', import.meta.url).href;
    const body = `const { SharedCache } = await import(${JSON.stringify(library)});
      const { get } = SharedCache.prototype;
      let calls = 0;
      SharedCache.prototype.get = function (...args) {
        const bytes = get.apply(this, args);
        if (bytes?.length > 0 && ++calls === 1) bytes[0] ^= 1;
        return bytes;
      }`;
    // Who loads how many is chance, so either may have nothing to verify.
    const outcome = await pageless(['demo', tree], { nodeArgs: inWorkers(body) });
    assert.match(outcome.stderr, /bytes, which differ from the file from byte \d+ on/);
    assert.match(outcome.stderr, /[12] values are not what was stored/);
    assert.equal(outcome.status, 1);
  });
});
