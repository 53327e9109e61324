/**
 * Tests in browsers.
 *
 * A test for each browser that there is; for one that there is not, a test that is named as left
 * out.
 */
import { after, test } from 'node:test';
import type { Browser, Page } from 'puppeteer-core';
import { PATIENCE_MS } from '../support/patience.ts';
import { launch, type Name, placeOf } from './launch.ts';

const opened = new Map<Name, Promise<Browser>>();

function browserOf(name: Name, place: string): Promise<Browser> {
  const browser = opened.get(name) ?? launch(name, place);
  opened.set(name, browser);
  return browser;
}

after(async () => {
  for (const browser of opened.values()) await (await browser).close();
});

/**
 * What went wrong in a page without anybody asking: exceptions, errors on its console, requests.
 */
export interface Watched {
  page: Page;
  problems: string[];
  /** Addresses of everything that was asked for. */
  requests: string[];
}

async function open(browser: Browser): Promise<Watched> {
  const page = await browser.newPage();
  await page.bringToFront();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.setViewport({ width: 1440, height: 1000 });
  const watched: Watched = { page, problems: [], requests: [] };
  page.on('pageerror', (error) => watched.problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') watched.problems.push(message.text());
  });
  page.on('request', (request) => watched.requests.push(request.url()));
  return watched;
}

/** What a failed test's page looked like. */
async function picture({ page, problems }: Watched): Promise<string> {
  const text = await page.evaluate(() => `${document.visibilityState}: ${document.body.innerText}`);
  return [page.url(), ...problems, text].join('\n');
}

/** A test in a page of each of the named browsers. */
export function inBrowsers(
  what: string,
  run: (watched: Watched, name: Name) => Promise<void>,
  names: readonly Name[] = ['chromium', 'firefox'],
): void {
  for (const name of names) {
    const place = placeOf(name);
    const skip = place === undefined && `left out: ${name} is not installed`;
    test(`${name}: ${what}`, { skip }, async () => {
      const watched = await open(await browserOf(name, place!));
      try {
        await run(watched, name);
      } catch (error) {
        console.error(await picture(watched));
        throw error;
      } finally {
        await watched.page.close();
      }
    });
  }
}
