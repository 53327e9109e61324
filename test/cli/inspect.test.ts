/**
 * `pageless inspect`: images, also broken ones, and recordings, until the process is interrupted.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Arena, SharedCache } from '../../src/index.ts';
import { inspect } from '../../src/inspect/index.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { pageless } from './helpers.ts';

const folder = tempFolder();
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A process that does not outlive its test. */
function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  after(() => child.kill('SIGKILL'));
  return child;
}

/** The first line of a stream that is an address. */
async function urlIn(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('no address was printed');
}

function ask(url: string, path: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${new URL(url).hash.slice(1)}` };
  return fetch(new URL(path, url), { headers });
}

test('an image is shown until the process is interrupted', async () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  for (let i = 0; i < 300; i++) cache.set(`key ${i}`, Buffer.alloc(i * 20, i));
  const file = join(folder, 'image');
  cache.arena.save(file);
  // Not with the cache itself: its supervisor comes when it likes, and takes pages.
  using image = Arena.load(file);
  const child = start(main, 'inspect', file);
  const url = await urlIn(child.stdout!);
  const uses = new Set<string>();
  for (let pfn = 0; pfn < 200; pfn += 19) {
    const seen = await (await ask(url, `/page?zone=0&pfn=${pfn}`)).json();
    assert.equal(seen.use, image.describe(pfn).use);
    uses.add(seen.use);
  }
  assert.ok(uses.size > 1, [...uses].join());
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a recording is shown', async () => {
  using arena = new Arena({ size: '4MiB' });
  const file = join(folder, 'recording');
  await (await inspect(arena, { record: file, port: false })).close();
  const child = start(main, 'inspect', file, '--json');
  const url = (await urlIn(child.stdout!)).replace(/".*/, '');
  const frames = await (await ask(url, '/stream')).text();
  assert.match(frames, /"from":"recording"/);
  assert.equal((await ask(url, '/page?zone=0&pfn=0')).status, 404);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('misuse ends with a message', async () => {
  const missing = await pageless(['inspect', join(folder, 'none')]);
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^pageless: .*none is not a usable arena image: it cannot be read/);
  const port = await pageless(['inspect', 'x', '--port', '65536']);
  assert.equal(port.status, 2);
  assert.match(port.stderr, /an integer from 0 to 65535/);
});

test('a signal starts the page of a running program, unless it has other plans for it', async () => {
  const index = new URL('../../src/index.ts', import.meta.url).href;
  const inspector = new URL('../../src/inspect/index.ts', import.meta.url).href;
  const program = (before: string) => `
    import { Arena } from '${index}';
    import { inspectOnSignal } from '${inspector}';
    ${before}
    const waiting = inspectOnSignal(new Arena({ size: '4MiB' }));
    setInterval(() => {}, 1000);
    console.log(waiting !== undefined);`;
  const run = (before: string) => start('--input-type=module', '--eval', program(before));
  const free = run('');
  assert.equal(`${(await once(free.stdout!, 'data'))[0]}`, 'true\n');
  free.kill('SIGUSR2');
  const url = await urlIn(free.stderr!);
  assert.equal((await ask(url, '/page?zone=0&pfn=0')).status, 200);
  free.kill('SIGKILL');
  const taken = run("process.on('SIGUSR2', () => console.log('mine'));");
  assert.equal(`${(await once(taken.stdout!, 'data'))[0]}`, 'false\n');
  taken.kill('SIGUSR2');
  assert.equal(`${(await once(taken.stdout!, 'data'))[0]}`, 'mine\n');
  taken.kill('SIGKILL');
});
