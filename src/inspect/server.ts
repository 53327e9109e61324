/**
 * The local server: the page's files for anybody here, the zones for whoever has the token.
 *
 *   /  /page.js  /page.css  /icon.svg  /licences.txt   the page; the same for everybody
 *   /stream                  frames (wire.ts), as long as the connection stands
 *   /page?zone=N&pfn=N       what `describe` says, JSON
 *   /keys?zone=N&find=TEXT   some keys, JSON, if the program allows it
 *
 * access.ts says who may ask.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as page from '../generated/page.ts';
import { isTrusted, refuse, safeHeaders } from './access.ts';

const LOOPBACK = '127.0.0.1';

/** What the server tells about. */
export interface Source {
  /** Sends frames until the response is closed. */
  stream(response: ServerResponse): void;
  /** Undefined if there is no such page. */
  describe(zone: number, pfn: number): unknown;
  /** Undefined if keys are not to be shown. */
  keys(zone: number, find: string): Promise<unknown>;
}

/** Types, and contents as they are embedded and sent: gzip. */
const files: Record<string, readonly [type: string, base64: string]> = {
  '/': ['text/html; charset=utf-8', page.html],
  '/page.js': ['text/javascript; charset=utf-8', page.script],
  '/page.css': ['text/css; charset=utf-8', page.style],
  '/icon.svg': ['image/svg+xml', page.icon],
  '/licences.txt': ['text/plain; charset=utf-8', page.licences],
};

/** Listens on a port of the loopback interface; 0: any. Rejects with the system's error. */
export function listen(port: number, token: string, source: Source): Promise<Server> {
  const server = createServer((request, response) => {
    const { port: own } = server.address() as AddressInfo;
    const refusal = refuse(request, own);
    if (refusal) return answer(response, refusal.status, 'text/plain', refusal.text);
    const path = (request.url ?? '').split('?', 1)[0]!;
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (file) return sendFile(response, ...file);
    if (!isTrusted(request, token)) return answer(response, 401, 'text/plain', 'token missing');
    void tell(path, request, response, source);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => resolve(server));
  });
}

async function tell(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  source: Source,
): Promise<void> {
  const { searchParams } = new URL(request.url ?? '', `http://${LOOPBACK}`);
  const number = (name: string) => numberOf(searchParams.get(name) ?? '');
  let told: unknown;
  if (path === '/stream') return startStream(request, response, source);
  if (path === '/page') told = source.describe(number('zone'), number('pfn'));
  if (path === '/keys') told = await source.keys(number('zone'), searchParams.get('find') ?? '');
  if (told === undefined) return answer(response, 404, 'text/plain', 'there is no such thing');
  answer(response, 200, 'application/json', JSON.stringify(told));
}

/** A number as we write them; −1 for anything else. */
function numberOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

function startStream(request: IncomingMessage, response: ServerResponse, source: Source): void {
  const type = 'application/octet-stream';
  response.writeHead(200, { ...safeHeaders, 'Content-Type': type });
  if (request.method === 'HEAD') response.end();
  else source.stream(response);
}

function sendFile(response: ServerResponse, type: string, base64: string): void {
  answer(response, 200, type, Buffer.from(base64, 'base64'), { 'Content-Encoding': 'gzip' });
}

function answer(
  response: ServerResponse,
  status: number,
  type: string,
  content: string | Buffer,
  more: Record<string, string> = {},
): void {
  const allow = status === 405 ? { Allow: 'GET, HEAD' } : {};
  const length = Buffer.byteLength(content);
  const own = { 'Content-Type': type, 'Content-Length': length };
  response.writeHead(status, { ...safeHeaders, ...allow, ...own, ...more });
  response.end(content);
}
