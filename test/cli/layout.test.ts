/**
 * `pageless layout`, and the command line as a whole: help, versions, misuse.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lastLine, pageless, reportOf } from './helpers.ts';

interface Structure {
  name: string;
  bytes: number;
  fields: { name: string; type: string; offset: number }[];
}

describe('layout', { concurrency: true }, () => {
  test('every field is aligned, inside its structure, and after the one before', async () => {
    const { structures } = reportOf(await pageless(['layout', '--json']));
    const sizes: Record<string, number> = {
      u8: 1,
      u16: 2,
      u32: 4,
      i32: 4,
      usize: 4,
      u64: 8,
      f64: 8,
    };
    for (const { name, bytes, fields } of structures as Structure[]) {
      let end = 0;
      for (const { name: field, type, offset } of fields) {
        assert.ok(sizes[type], `${name}.${field}: ${type}`);
        assert.ok(offset >= end && offset % sizes[type]! === 0, `${name}.${field}`);
        end = offset + sizes[type]!;
      }
      assert.ok(end <= bytes, name);
    }
  });

  test('the picture has no gap and ends with the zone', async () => {
    for (const [size, bytes] of [
      ['4MiB', 2 ** 22],
      ['1GiB', 2 ** 30],
    ] as const) {
      const { picture } = reportOf(await pageless(['layout', '--json', '--size', size]));
      let end = 0;
      for (const region of picture) {
        assert.equal(region.from, end, region.name);
        assert.ok(region.bytes > 0, region.name);
        end += region.bytes;
      }
      assert.equal(end, bytes);
      assert.equal(picture.at(-1).from % 4096, 0);
    }
  });

  test('as text: each structure with its fields, the page map, the first page', async () => {
    const { status, stdout } = await pageless(['layout']);
    assert.equal(status, 0);
    assert.match(stdout, /^Superblock, \d+ bytes$\n^ +0 {2}u32 +magic$\n^ +4 {2}u32 +version$/m);
    assert.match(stdout, /page map +73,728 +256.0 KiB +0.098 %/);
    assert.match(lastLine(stdout), /page \d+ is the first that can be allocated/);
  });
});

describe('the command line', { concurrency: true }, () => {
  for (const command of ['demo', 'layout', 'check', 'report']) {
    test(`${command} --help`, async () => {
      const { status, stdout } = await pageless([command, '--help']);
      assert.match(stdout, new RegExp(`Usage: pageless ${command}`));
      assert.match(stdout, /--json/);
      assert.equal(status, 0);
    });
  }

  test('misuse: status 2', async () => {
    for (const args of [[], ['nonsense'], ['demo', '--nonsense']]) {
      const { status, stdout, stderr } = await pageless(args);
      assert.equal(status, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.notEqual(stderr, '');
    }
  });

  test('--version', async () => {
    assert.match((await pageless(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
