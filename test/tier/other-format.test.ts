/** Two processes at a time whose frames are of different versions, in one server or folder. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { leftOut, RedisServer } from '../support/redis-server.ts';

interface Seen {
  own: number;
  strange: string[];
  errors: number;
  foreign: number;
  lastError: string | undefined;
  left: number;
}

const program = fileURLToPath(new URL('other-format.ts', import.meta.url));

async function heard(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => assert.fail(`it ended with ${code}`));
  const [message] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return message;
}

/** Sends a word to processes. @returns what each answers */
function ask(children: ChildProcess[], word: string): Promise<unknown[]> {
  return Promise.all(
    children.map((child) => {
      const answer = heard(child);
      child.send(word);
      return answer;
    }),
  );
}

async function meet(kind: string, place: string): Promise<[Seen, Seen]> {
  const children = ['1', '2'].map((version) => fork(program, [kind, place, version]));
  try {
    await Promise.all(children.map(heard));
    await ask(children, 'write');
    const seen = (await ask(children, 'tell')) as [Seen, Seen];
    for (const { own, strange, errors, lastError } of seen) {
      assert.ok(own > 50, `${own} values were read`);
      assert.deepEqual(strange, []);
      assert.equal(errors, 0, lastError);
    }
    await ask(children.slice(1), 'clear');
    await ask(children.slice(0, 1), 'clear');
    const left = await ask(children, 'count');
    assert.deepEqual(left, [0, 0]);
    return seen;
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

test('Redis: each version has keys of its own, and never meets the other’s', {
  skip: leftOut,
}, async () => {
  const server = await RedisServer.start();
  try {
    const seen = await meet('redis', server.path);
    assert.deepEqual(
      seen.map(({ foreign }) => foreign),
      [0, 0],
    );
    assert.deepEqual(
      seen.map(({ left }) => left),
      [10, 10],
    );
  } finally {
    await server.stop();
  }
});

test('LMDB: they write over each other, and the other’s frames are misses, counted', async () => {
  const path = mkdtempSync(join(tmpdir(), 'pageless-format-'));
  try {
    const seen = await meet('lmdb', path);
    assert.ok(seen.some(({ foreign }) => foreign > 0));
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});
