/**
 * What the demo is made of: the jobs and their ledger, the account, the crew that must never hang.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Account, contradictions } from '../../src/cli/account.ts';
import { Crew } from '../../src/cli/crew.ts';
import { type Task, work } from '../../src/cli/jobs.ts';
import {
  DELETED,
  DOOMED,
  EVICTED,
  Ledger,
  PRESENT,
  REFUSED,
  STORED,
  UNREADABLE,
  VERIFIED,
  WRONG,
} from '../../src/cli/ledger.ts';
import { describeProblems } from '../../src/cli/text.ts';
import { SharedCache } from '../../src/index.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempTree } from './helpers.ts';

function taskOn(contents: Record<string, string>): Task {
  const folder = tempTree(contents);
  const files = Object.keys(contents).map((name) => join(folder, name));
  const cache = new SharedCache({ maxSize: '4MiB', maxEntrySize: 1000 });
  return { cache, files, ledger: Ledger.create(files.length), maxEntryBytes: 1000 };
}

describe('jobs', () => {
  test('a file moves through the states of the table', () => {
    const task = taskOn({ a: 'a', b: 'b', long: 'l'.repeat(1001) });
    const { ledger, cache, files } = task;
    files.push(join(files[0]!, 'x'));
    task.ledger = Ledger.create(files.length);
    assert.equal(work('load', task, 3).files, 3);
    assert.deepEqual([...task.ledger.states], [STORED, STORED, REFUSED, UNREADABLE]);
    assert.deepEqual([...task.ledger.writers], [3, 3, 3, 3]);
    assert.equal(work('verify', task, 2).files, 0, 'nobody else wrote anything');
    assert.equal(work('verify', task, 3).files, 2);
    task.ledger.states[0] = DOOMED;
    task.ledger.rewind();
    assert.equal(work('delete', task, 0).files, 1);
    work('recheck', task, 3);
    assert.deepEqual([...task.ledger.states], [DELETED, VERIFIED, REFUSED, UNREADABLE]);
    assert.equal(cache.size, 1);
    assert.equal(ledger.done, 0);
  });

  test('a file that changed or went on disk is no fault of the cache', () => {
    const task = taskOn({ changed: 'before', gone: 'before' });
    work('load', task, 0);
    writeFileSync(task.files[0]!, 'after');
    rmSync(task.files[1]!);
    const { problems } = work('verify', task, 0);
    assert.deepEqual([...task.ledger.states], [PRESENT, PRESENT]);
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ['changed', 'changed'],
    );
  });

  test('a wrong value, a missing one, one that should be gone', () => {
    const task = taskOn({ wrong: 'right', missing: 'm', undead: 'u' });
    const { cache, files, ledger } = task;
    work('load', task, 0);
    cache.set(files[0]!, Buffer.from('wrong'));
    cache.delete(files[1]!);
    const { problems } = work('verify', task, 0);
    assert.deepEqual([...ledger.states], [WRONG, EVICTED, PRESENT]);
    assert.match(problems[0]!.detail, /5 bytes, which differ from the file from byte 0 on/);
    ledger.states[2] = DELETED;
    assert.match(work('recheck', task, 0).problems[0]!.detail, /still in the cache/);
    assert.equal(ledger.states[2], WRONG);
  });

  test('of many problems of a kind the first five are told', () => {
    const problem = { kind: 'skipped', path: 'x', detail: 'y' } as const;
    const lines = describeProblems(Array.from({ length: 12 }, () => problem));
    assert.deepEqual(lines.slice(4), ['x: y', '… and 7 more: skipped']);
  });
});

describe('account', () => {
  const right: Account = {
    ...{ found: 11, loaded: 10, verified: 4, evicted: 2, deleted: 3, refused: 1 },
    ...{ unreadable: 1, wrong: 0 },
  };
  const cache = new SharedCache({ maxSize: '4MiB' });
  const counters = { entries: 4, evictions: 2, deletes: 3, refusals: 1, sets: 9 };
  const zone = { ...cache.arena.report(), ...counters };

  test('one that adds up has no contradiction', () =>
    assert.deepEqual(contradictions(right, zone), []));

  test('every contradiction is found', () => {
    for (const field of Object.keys(right) as (keyof Account)[]) {
      const wrong = { ...right, [field]: right[field] + 1 };
      assert.notDeepEqual(contradictions(wrong, zone), [], field);
    }
    for (const field of Object.keys(counters) as (keyof typeof counters)[]) {
      assert.equal(contradictions(right, { ...zone, [field]: 99 }).length, 1, field);
    }
    const empty = { found: 0, loaded: 0, verified: 0, evicted: 0, deleted: 0, refused: 0 };
    const faults = contradictions({ ...empty, unreadable: 0, wrong: 0 }, cache.arena.report());
    assert.deepEqual(faults, ['nothing was verified']);
  });
});

describe('crew', { concurrency: true, timeout: PATIENCE_MS }, () => {
  const script = (body: string) =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`
      import { parentPort, workerData } from 'node:worker_threads';
      parentPort.on('message', (job) => {
        if (job === 'stop') parentPort.close();
        else { ${body} }
      });
      parentPort.postMessage('ready');
    `)}`,
    );

  test('gives each worker the job and returns the results in order', async () => {
    const body = 'parentPort.postMessage(job + workerData)';
    const crew = new Crew<number, number>(script(body), 3, (i) => i);
    await crew.ready();
    assert.deepEqual(await crew.run(10), [10, 11, 12]);
    assert.deepEqual(await crew.run(20), [20, 21, 22]);
    await crew.stop();
  });

  test('a worker that throws fails the job and all that follow', async () => {
    const body = `if (workerData === 1) throw new Error('oh dear');`;
    const crew = new Crew<number, number>(script(body), 2, (i) => i);
    await crew.ready();
    await assert.rejects(crew.run(1), /worker 2 of 2 crashed: oh dear/);
    await assert.rejects(crew.run(1), /oh dear/);
    await crew.stop();
  });

  test('a worker that leaves fails the job', async () => {
    const crew = new Crew<number, number>(script('process.exit(3)'), 2, (i) => i);
    await crew.ready();
    await assert.rejects(crew.run(1), /ended early, with exit code 3/);
    await crew.stop();
  });

  test('a worker that cannot start fails the first wait', async () => {
    const crew = new Crew<number, number>(new URL('data:text/javascript,nope()'), 1, (i) => i);
    await assert.rejects(crew.ready(), /worker 1 of 1 crashed: nope is not defined/);
    await crew.stop();
  });
});
