/**
 * A page in a browser without a window: served with the headers that shared memory needs, and asked
 * for its outcome.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, listen, start, stop } from './commands.ts';

const LIMIT_MS = 60_000;
const html = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';

/** The browser's command, or undefined where there is none. */
export function chromium(): string | undefined {
  return ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
    return spawnSync(name, ['--version']).status === 0;
  });
}

/** Runs page.js of the folder. Throws `Failure` with what it says, unless that is `ok`. */
export async function runPage(browser: string, folder: string): Promise<void> {
  let tell: (outcome: string) => void = () => {};
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const server = createServer(async (request, response) => {
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      tell(body);
      response.end();
    } else if (request.url?.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript');
      response.end(readFileSync(join(folder, request.url)));
    } else response.setHeader('content-type', 'text/html').end(html);
  });
  const profile = mkdtempSync(join(tmpdir(), 'pageless-chromium-'));
  const url = await listen(server);
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
  const child = start(browser, [...flags, url], {});
  const timer = setTimeout(() => tell('hangs'), LIMIT_MS);
  const outcome = await told;
  clearTimeout(timer);
  stop(child);
  server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  if (outcome !== 'ok') throw new Failure(outcome);
}
