/**
 * The browsers of this machine, driven by puppeteer-core: never downloaded.
 */
import { existsSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';
import { PATIENCE_MS } from '../support/patience.ts';

export type Name = 'chromium' | 'firefox';

/** Where distributions put them; PAGELESS_CHROMIUM and PAGELESS_FIREFOX say otherwise. */
const places: Record<Name, string[]> = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** No talk with anybody outside; as root, in containers, there is no sandbox. */
const chromiumFlags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];

/** Where a browser is; undefined if it is not installed. */
export function placeOf(name: Name): string | undefined {
  const named = process.env[`PAGELESS_${name.toUpperCase()}`];
  return named ?? places[name].find((path) => existsSync(path));
}

export function launch(name: Name, executablePath: string): Promise<Browser> {
  const browser = name === 'chromium' ? 'chrome' : 'firefox';
  const args = name === 'chromium' ? chromiumFlags : [];
  const options = { browser, executablePath, headless: true, args } as const;
  return puppeteer.launch({ ...options, protocolTimeout: PATIENCE_MS });
}
