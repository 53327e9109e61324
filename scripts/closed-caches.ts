/**
 * Caches made, filled and closed over and over: what stays resident. A program of its own, which
 * never asks for a collection.
 *
 *   NODE build/scripts/closed-caches.js [ROUNDS] [MIB]
 *
 * Prints the resident MiB after the third round and two seconds after the last, on any Node.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [rounds = '100', mib = '64'] = process.argv.slice(2);
const library = pathToFileURL(resolve('dist/index.js')).href;
const { SharedCache } = await import(library);

function residentMib(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024);
}

/** Of the third round, when the program has what it needs. */
let early = 0;
const value = new Uint8Array(4000).map((_, i) => (i * 2654435761) >>> 13);
for (let round = 0; round < Number(rounds); round++) {
  const cache = new SharedCache({ maxSize: `${mib}MiB`, compression: 'none' });
  for (let i = 0; i < Number(mib) * 250; i++) cache.set(`key ${i}`, value);
  // In some rounds the supervisor comes and leaves, in others there is no time for it.
  if (round % 2 === 0) await sleep(5);
  if (round === 2) early = residentMib();
  cache.close();
}
await sleep(2000);
console.log(JSON.stringify({ node: process.version, early, late: residentMib() }));
