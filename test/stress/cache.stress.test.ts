/** The stress run, short: without killing anybody, and with. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from '../support/patience.ts';

/** In which as much happens as in a second of threads that run the sources. */
const SECONDS = 0.6;
const script = fileURLToPath(new URL('./cache.stress.ts', import.meta.url));

/** The last line of a run, which must end well, and goes on until enough has happened. */
function runFor(...flags: string[]): Record<string, number> {
  const args = [script, '--seconds', `${SECONDS}`, ...flags];
  const limits = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    ...limits,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

test('no value is wrong, torn or stale while four threads overwrite each other', (context) => {
  const totals = runFor();
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.operations! > 1000 && totals.checks! > 0);
});

test('killed threads leave a sound cache, and no wrong value', (context) => {
  const totals = runFor('--kill');
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.kills! > 5 && totals.checks! > 0);
});

test('no value is wrong while another thread moves the pages', (context) => {
  const totals = runFor('--compact', '--workers', '2', '--size', '8MiB');
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.operations! > 1000 && totals.moved! > 10);
});

test('objects and folios are whole while another thread moves them', (context) => {
  const flags = ['--compact', '--workers', '0', '--objects', '2', '--size', '8MiB'];
  const totals = runFor(...flags);
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.operations! > 1000 && totals.moved! > 10);
});

test('whoever makes, frees, splits or moves them is killed as well', (context) => {
  const totals = runFor('--compact', '--kill', '--workers', '0', '--objects', '3');
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.kills! > 5);
});

test('movers are killed as well', (context) => {
  const totals = runFor('--compact', '--kill', '--workers', '2', '--size', '8MiB');
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.kills! > 5);
});
