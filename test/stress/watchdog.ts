/**
 * Kills the process when its main thread is stuck: the last resort against a silent hang. Before
 * that it says what each thread of the zone that it was last told of is doing.
 */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as facts from '../../src/generated/facts.ts';
import { HEARTBEAT, type Shared } from './value.ts';

const { shared, patienceMs } = workerData as { shared: Shared; patienceMs: number };
let last = -1;
let since = performance.now();
let zone = new Int32Array();

parentPort!.on('message', (memory: WebAssembly.Memory) => {
  zone = new Int32Array(memory.buffer);
});

function describeZone(): string {
  const word = (at: number) => Atomics.load(zone, at / 4).toString(16);
  const locks = [facts.THREADS_STATE, facts.STORE_STATE, facts.SLAB_STATE, facts.LIMBO_STATE];
  const lines = [
    `stop ${word(facts.THREADS_STATE + 8)} epoch ${word(facts.RCU_STATE)}`,
    `locks of threads, store, slab, limbo: ${locks.map(word).join(' ')}`,
  ];
  for (let at = facts.SLOT_TABLE; at < facts.SLOT_TABLE + 16 * facts.SLOT_BYTES; ) {
    if (Atomics.load(zone, at / 4) !== 0)
      lines.push(`slot: state ${word(at)} inKernel ${word(at + 12)} ${word(at + 8)}`);
    at += facts.SLOT_BYTES;
  }
  return lines.join('\n');
}

setInterval(() => {
  const beat = Atomics.load(shared, HEARTBEAT);
  if (beat !== last) since = performance.now();
  last = beat;
  if (performance.now() - since < patienceMs) return;
  writeSync(2, `HANG: the main thread has not moved for ${patienceMs} ms\n`);
  if (zone.length !== 0) writeSync(2, `${describeZone()}\n`);
  process.kill(process.pid, 'SIGKILL');
}, 100);
