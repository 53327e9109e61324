/** The command line: how arguments are read, what help says, and the line of progress. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CommandSpec, helpOf, parse } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { UsageError } from '../../src/cli/options.ts';
import { progressLine } from '../../src/cli/progress.ts';
import { pageless } from './helpers.ts';

const commandOf = (name: string): CommandSpec => commands.find((one) => one.name === name)!;
const demo = commandOf('demo');

describe('arguments', () => {
  test('options and paths come in any order; what is left out has its default', () => {
    const { positionals, options } = parse(demo, ['a', '--max-size=8MiB', 'b', '--json']);
    assert.deepEqual(positionals, ['a', 'b']);
    const expected = { workers: 2, maxSize: 8 * 2 ** 20, compression: 'lz4', json: true };
    assert.deepEqual(options, expected);
  });

  test('after -- everything is a path', () => {
    assert.deepEqual(parse(demo, ['--', '--json']).positionals, ['--json']);
  });

  const misuse: [command: string, args: string[], message: RegExp][] = [
    ['demo', ['--wrkers', '2'], /Unknown option '--wrkers'; did you mean --workers\?/],
    ['demo', ['--comp', 'lz4'], /did you mean --compression\?/],
    ['demo', ['--nothing-like-it'], /Unknown option '--nothing-like-it'$/],
    ['demo', ['-w'], /Unknown option '-w'$/],
    ['demo', ['--max-size'], /'--max-size <value>' argument missing/],
    ['demo', ['--workers', '-1'], /argument is ambiguous/],
    ['demo', ['--json=yes'], /does not take an argument/],
    ['demo', ['--compression', 'gzip'], /--compression <kind> cannot be 'gzip': .*lz4 or none/],
    ['demo', ['--max-entry-size', 'much'], /cannot be 'much': it must be a size such as/],
    ['check', [], /check takes <file>, and 0 were given/],
    ['check', ['a', 'b'], /check takes <file>, and 2 were given/],
    ['report', ['a', 'b', 'c'], /report takes \[name\] <file>, and 3 were given/],
    ['layout', ['a'], /layout takes no argument, and 1 were given/],
  ];
  for (const [name, args, message] of misuse) {
    test(`${[name, ...args].join(' ')}: misuse`, () => {
      const isRight = (error: unknown) =>
        error instanceof UsageError && message.test(error.message);
      assert.throws(() => parse(commandOf(name), args), isRight);
    });
  }
});

describe('help', () => {
  for (const command of commands) {
    test(`of ${command.name} names every option and fits 80 columns`, async () => {
      const text = helpOf(command);
      for (const name of Object.keys(command.options)) assert.ok(text.includes(`--${name}`), name);
      for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
      assert.equal(parse(command, ['--help']).wantsHelp, true);
    });
  }

  test('is printed when asked for, and by misuse goes to standard error', async () => {
    const asked = await pageless(['--help']);
    assert.equal(asked.status, 0);
    for (const { name } of commands) assert.ok(asked.stdout.includes(`\n  ${name} `), name);
    assert.deepEqual(await pageless(['help', 'check']), await pageless(['check', '-h']));
    const nothing = await pageless([]);
    assert.deepEqual([nothing.status, nothing.stdout], [2, '']);
    assert.equal(nothing.stderr, asked.stdout);
    const unknown = await pageless(['nope']);
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /no command 'nope', only demo, layout/);
    assert.match((await pageless(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

test('the line of progress says how far it is, and how long it will take', () => {
  assert.match(progressLine('load', 1, 4, 3), /^load {6}█{8}░{22} 25 % {2}1\/4 {2}9 s left$/);
  assert.match(progressLine('load', 0, 4, 3), /░{30} 0 % {2}0\/4$/);
  assert.match(progressLine('load', 0, 0, 0), / 100 % /);
});
