/**
 * `pageless lab`: three layouts side by side, for people and for machines.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pageless, reportOf } from './helpers.ts';

const layouts = ['one-word', 'two-word', 'struct-page'];

interface Cost {
  name: string;
  bytes: number;
  share: number;
}

describe('lab', { concurrency: true }, () => {
  test('compares the layouts: bytes of two mixes, times, limits', async () => {
    const report = reportOf(await pageless(['lab', '--json']));
    assert.deepEqual(report.layouts, layouts);
    const metadata = report.metadata as { mix: string; costs: Record<string, Cost[]> }[];
    assert.deepEqual(
      metadata.map(({ mix }) => mix),
      ['lab', 'demo'],
    );
    for (const { costs } of metadata) {
      const [one, two, page] = layouts.map((layout) =>
        costs[layout]!.reduce((sum, { share }) => sum + share, 0),
      );
      assert.ok(one! < two! && two! < page!, `${one} < ${two} < ${page}`);
    }
    for (const { ns } of report.timings as { ns: Record<string, number> }[]) {
      assert.ok(Object.values(ns).every((time) => time > 0));
    }
    for (const layout of layouts) {
      assert.ok((report.limits as Record<string, string[]>)[layout]!.length >= 2);
    }
  });

  test('prints a table whose columns are the layouts', async () => {
    const { status, stdout } = await pageless(['lab']);
    assert.equal(status, 0);
    assert.match(stdout, /one-word +two-word +struct-page/);
    assert.match(stdout, /alloc and free, order 9 +[\d.,]+ +[\d.,]+ +[\d.,]+/);
    for (const layout of layouts) assert.match(stdout, new RegExp(`${layout} cannot`));
  });

  test('says what it does', async () => {
    const { status, stdout } = await pageless(['lab', '--help']);
    assert.equal(status, 0);
    assert.match(stdout, /--json/);
  });
});
