/**
 * Who may ask: the rules that every request to the local server must pass.
 *
 * The server listens on the loopback interface only. Any program of this machine, and any web site
 * that is open in its browser, can reach that, so:
 *   - what is told needs the *token*, 256 random bits. It stands in the fragment of the address,
 *     which browsers send to nobody; the page keeps it for its tab, drops it from the address, and
 *     sends it in a header, which no other site can make a browser do
 *   - the `Host` must be ours: a name that somebody points at this machine is turned away
 *   - `Origin` and `Sec-Fetch-Site`, where a browser sends them, must be ours
 *   - only GET and HEAD: nothing here changes anything
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Refusal {
  status: number;
  text: string;
}

/** Sent with every answer. */
export const safeHeaders: Record<string, string> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Why a request is not answered at all; undefined if it may be. */
export function refuse(request: IncomingMessage, port: number): Refusal | undefined {
  const { headers, method } = request;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? '')) return { status: 421, text: 'not this host' };
  const isOurs = headers.origin === undefined || headers.origin === `http://${headers.host}`;
  const site = headers['sec-fetch-site'] ?? 'none';
  if (!isOurs || (site !== 'same-origin' && site !== 'none' && !isNavigation(request))) {
    return { status: 403, text: 'not from here' };
  }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'GET or HEAD' };
  return undefined;
}

/** Somebody followed a link to the page: it shows nothing without the token. */
function isNavigation({ headers, url }: IncomingMessage): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && url === '/';
}

/** Whether the request brings the token. Takes the same time whatever it brings. */
export function isTrusted({ headers }: IncomingMessage, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}
