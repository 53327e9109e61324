/**
 * The rows of Next.js: an application with a cache of its own, in next/, and one whose pages and
 * `'use cache'` are kept by the handlers of docs/guides/frameworks.md, in next-guide/.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from '../packaging/code-blocks.ts';
import { freePort } from '../support/free-port.ts';
import { Failure, here, type Place, type Row, run, start, stop } from './commands.ts';

const node = join(here, 'node_modules/node-24/bin/node');
const next = join(here, 'node_modules/next/dist/bin/next');
const placeOf = (app: string): Place => ({
  cwd: join(here, app),
  env: { NEXT_TELEMETRY_DISABLED: '1' },
});

export const nextRows: Row[] = [
  ...['turbopack', 'webpack'].flatMap((bundler) => [
    {
      group: 'Framework',
      name: `Next.js, ${bundler}, build and route handler`,
      async try() {
        await run(node, [next, 'build', `--${bundler}`], placeOf('next'));
        return withServer('next', ['start'], visitsAreCounted);
      },
    },
    {
      group: 'Framework',
      name: `Next.js, ${bundler}, development server and route handler`,
      try: () => withServer('next', ['dev', `--${bundler}`], visitsAreCounted),
    },
  ]),
  {
    group: 'Framework',
    name: "Next.js, pages and 'use cache' by the handlers of the guide",
    async try() {
      writeFilesOfGuide(join(here, 'next-guide/guide'));
      await run(node, [next, 'build'], placeOf('next-guide'));
      return withServer('next-guide', ['start'], timesAreKept);
    },
  },
];

async function withServer(
  app: string,
  command: string[],
  use: (url: string) => Promise<void>,
): Promise<undefined> {
  const port = await freePort();
  const server = start(node, [next, ...command, '-p', `${port}`], placeOf(app));
  try {
    await use(`http://localhost:${port}`);
  } finally {
    stop(server);
  }
  return undefined;
}

/** Asks the route handler three times. */
async function visitsAreCounted(url: string): Promise<void> {
  for (const expected of [1, 2, 3]) {
    const { count } = JSON.parse(await askUntilThere(`${url}/visits`)) as { count: number };
    if (count !== expected) throw new Failure(`${count} instead of ${expected}`);
  }
}

/** Of a short address, and of one that is longer than a key: kept until the tag has changed. */
async function timesAreKept(url: string): Promise<void> {
  const paths = ['a', 'a'.repeat(3000)];
  const times = async () => {
    const pages = paths.map((path) => askUntilThere(`${url}/times/${path}`));
    return (await Promise.all(pages)).map((page) => /made (\d+ \d+) made/.exec(page)?.[1]);
  };
  const [first, again] = [await times(), await times()];
  await askUntilThere(`${url}/change`);
  const changed = await times();
  for (const [at, path] of paths.entries()) {
    const [one, two, three] = [first[at], again[at], changed[at]];
    const isRight = one?.startsWith(`${path.length} `) && one === two && three && three !== one;
    if (!isRight) throw new Failure(`${one}, ${two}, after the change ${three}`);
  }
}

function writeFilesOfGuide(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const guide = readFileSync(join(here, '../../docs/guides/frameworks.md'), 'utf8');
  for (const { name, code } of codeBlocks(guide)) writeFileSync(join(folder, name), code);
}

async function askUntilThere(url: string): Promise<string> {
  const end = Date.now() + 60_000;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
      if (!response.ok) throw new Failure(`${response.status}: ${await response.text()}`);
      return await response.text();
    } catch (error) {
      if (error instanceof Failure || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
