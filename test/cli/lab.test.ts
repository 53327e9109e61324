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

interface LayoutReport {
  names: string[];
  metadata: { mix: string; costs: Record<string, Cost[]> }[];
  timings: { ns: Record<string, number> }[];
  limits: Record<string, string[]>;
}

describe('lab', { concurrency: true }, () => {
  test('compares the layouts: bytes of four mixes, times, limits', async () => {
    const report = reportOf(await pageless(['lab', '--json']));
    const { names, metadata, timings, limits } = report.layouts as LayoutReport;
    assert.deepEqual(names, layouts);
    assert.deepEqual(
      metadata.map(({ mix }) => mix),
      ['lab', 'demo', 'order-2', 'single'],
    );
    for (const { costs } of metadata) {
      const [one, two, page] = layouts.map((layout) =>
        costs[layout]!.reduce((sum, { share }) => sum + share, 0),
      );
      assert.ok(one! < two! && two! < page!, `${one} < ${two} < ${page}`);
    }
    for (const { ns } of timings) {
      assert.ok(Object.values(ns).every((time) => time > 0));
    }
    for (const layout of layouts) {
      assert.ok(limits[layout]!.length >= 2);
    }
  });

  test('prints a table whose columns are the layouts', async () => {
    const { status, stdout } = await pageless(['lab']);
    assert.equal(status, 0);
    assert.match(stdout, /one-word +two-word +struct-page/);
    assert.match(stdout, /alloc and free, order 9 +[\d.,]+ +[\d.,]+ +[\d.,]+/);
    for (const layout of layouts) assert.match(stdout, new RegExp(`${layout} cannot`));
  });

  test('compares ways to move a page, and of descriptors that run out', async () => {
    const report = reportOf(await pageless(['lab', '--migration', '--json']));
    const migration = report.migration as { name: string; ns: number; doneWith16: number }[];
    assert.deepEqual(
      migration.map(({ name, doneWith16 }) => [name, doneWith16]),
      [
        ['descriptor stays', 64],
        ['descriptor replaced', 16],
        ['replaced, reserved before', 16],
        ['record copied', 64],
      ],
    );
    assert.ok(migration.every(({ ns }) => ns > 0));
    assert.equal(report.layouts, undefined);
  });

  test('--help lists its options', async () => {
    const { status, stdout } = await pageless(['lab', '--help']);
    assert.equal(status, 0);
    assert.match(stdout, /--json/);
  });
});
