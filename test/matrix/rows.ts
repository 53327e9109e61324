/**
 * The rows of the matrix: where the package is tried, and what is done there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundleForNode, bundleForPages, bundlers, type Format } from './bundles.ts';
import { Failure, here, type Row, run } from './commands.ts';
import { nextRows } from './next.ts';
import { chromium, runPage } from './pages.ts';

const bin = (...path: string[]): string => join(here, 'node_modules', ...path);
const nodeOf = (major: number): string => bin(`node-${major}`, 'bin/node');
const majors = [20, 22, 24, 26];

async function expectOk(command: string, args: string[]): Promise<undefined> {
  const output = await run(command, args);
  if (!/^ok$/m.test(output)) throw new Failure(output.slice(-500));
  return undefined;
}

const share = join(here, 'programs/share.mjs');

const runtimes: Row[] = [
  ...majors.map((major) => ({
    group: 'Runtime',
    name: `Node.js ${major}`,
    try: () => expectOk(nodeOf(major), [share]),
  })),
  {
    group: 'Runtime',
    name: 'Bun',
    try: () => expectOk(bin('@oven/bun-linux-x64/bin/bun'), [share]),
  },
  {
    group: 'Runtime',
    name: 'Deno, without killed workers',
    try: () => expectOk(bin('@deno/linux-x64-glibc/deno'), ['run', '-A', share, '--gentle']),
  },
];

const formats: Format[] = ['esm', 'cjs'];
const bundles: Row[] = bundlers.flatMap((bundler) =>
  formats.map((format) => ({
    group: 'Bundle for Node.js',
    name: `${bundler.name}, ${format === 'esm' ? 'ES module' : 'CommonJS'}`,
    async try() {
      for (const file of await bundleForNode(bundler, format)) {
        for (const major of [20, 26]) await expectOk(nodeOf(major), [file]);
      }
      return undefined;
    },
  })),
);

const pages: Row[] = bundlers.map((bundler) => ({
  group: 'Bundle for pages',
  name: `${bundler.name}, in Chromium`,
  async try() {
    const folder = await bundleForPages(bundler);
    const browser = chromium();
    if (browser === undefined) return 'built; there was no browser to run it in';
    await runPage(browser, folder);
    return undefined;
  },
}));

const vitestCommand = bin('vitest/vitest.mjs');
const jestCommand = bin('jest/bin/jest.js');
const jestConfig = ['--config', 'suites/jest.config.json', '--ci', '--runInBand'];

const runners: Row[] = [
  ...majors.flatMap((major) => [
    {
      group: 'Test runner',
      name: `Jest, CommonJS, Node.js ${major}`,
      try: () => quiet(nodeOf(major), [jestCommand, ...jestConfig, 'jest-cjs']),
    },
    {
      group: 'Test runner',
      name: `Jest, ES modules, Node.js ${major}`,
      try: () =>
        quiet(nodeOf(major), [
          ...['--experimental-vm-modules', jestCommand],
          ...[...jestConfig, 'jest-esm'],
        ]),
    },
  ]),
  ...['threads', 'forks', 'vmThreads'].map((pool) => ({
    group: 'Test runner',
    name: `vitest, ${pool}`,
    try: () => quiet(nodeOf(24), vitest('suites/vitest.test.mjs', pool)),
  })),
];

function vitest(file: string, pool: string): string[] {
  return [vitestCommand, 'run', file, `--pool=${pool}`, '--root', here, '--reporter=dot'];
}

async function quiet(command: string, args: string[]): Promise<undefined> {
  await run(command, args);
  return undefined;
}

/** The adapters' own tests, with the libraries of the checkout: they need 22.18 and later. */
const adapters: Row[] = [
  ...[22, 24, 26].map((major) => ({
    group: 'Adapter',
    name: `Keyv 5 and 6, cacheable, cache-manager, unstorage, undici, Node.js ${major}`,
    try: () =>
      quiet(nodeOf(major), ['--test', ...adapterTests('keyv', 'keyv5', 'unstorage', 'undici')]),
  })),
  {
    group: 'Adapter',
    name: 'Piscina, 240 tasks in 200 short-lived threads',
    async try() {
      const env = { PAGELESS_POOLS: '20' };
      await run(nodeOf(24), ['--test', ...adapterTests('pool')], { env });
      return undefined;
    },
  },
];

function adapterTests(...names: string[]): string[] {
  return names.map((name) => join(here, `../adapters/${name}.test.ts`));
}

const suites: Row[] = [
  {
    group: 'Suite of others',
    name: '@keyv/test-suite, Keyv 5',
    async try() {
      const output = await run(nodeOf(24), vitest('suites/keyv-suite.test.mjs', 'forks'));
      return /Tests\s+(.*)/.exec(plain(output))?.[1];
    },
  },
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

export const rows: readonly Row[] = [
  ...runtimes,
  ...runners,
  ...adapters,
  ...suites,
  ...bundles,
  ...pages,
  ...nextRows,
];

/** Whether the matrix' own packages are there. */
export function isInstalled(): boolean {
  return existsSync(bin('vitest'));
}
