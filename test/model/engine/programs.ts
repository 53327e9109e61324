/**
 * Small programs for the engine's own tests, in the kernel's language and built as the kernel is.
 *
 * Each planted defect has its repaired twin. Addresses come from the tests; nothing here knows the
 * layout of anything.
 */
import asc from 'assemblyscript/asc';
import { type Instrumented, instrument } from './instrument.ts';

const SOURCE = `
let calls: u32 = 0; // a WebAssembly global: each thread has its own

export function countCalls(): u32 { return ++calls; }

export function addTorn(at: usize): void { atomic.store<u32>(at, atomic.load<u32>(at) + 1); }

export function addWhole(at: usize): void { atomic.add<u32>(at, 1); }

export function addMany(at: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) atomic.add<u32>(at, 1);
}

export function storePlain(at: usize, value: u32): void { store<u32>(at, value); }

export function loadPlain(at: usize): u32 { return load<u32>(at); }

export function fillBytes(at: usize, value: u32, size: usize): void {
  memory.fill(at, u8(value), size);
}

export function copyBytes(to: usize, from: usize, size: usize): void {
  memory.copy(to, from, size);
}

// A stack of nodes; a node's first word is the next node.

export function push(top: usize, node: u32): void {
  let head: u32;
  do {
    head = atomic.load<u32>(top);
    atomic.store<u32>(node, head);
  } while (atomic.cmpxchg<u32>(top, head, node) != head);
}

export function popUntagged(top: usize): u32 {
  while (true) {
    let head = atomic.load<u32>(top);
    if (head == 0) return 0;
    let next = atomic.load<u32>(head);
    if (atomic.cmpxchg<u32>(top, head, next) == head) return head;
  }
}

// The same with a cell: node in the low half, number of changes in the high half.

export function pushTagged(top: usize, node: u32): void {
  let head: u64;
  let desired: u64;
  do {
    head = atomic.load<u64>(top);
    atomic.store<u32>(node, u32(head));
    desired = (((head >> 32) + 1) << 32) | u64(node);
  } while (atomic.cmpxchg<u64>(top, head, desired) != head);
}

export function popTagged(top: usize): u32 {
  while (true) {
    let head = atomic.load<u64>(top);
    if (u32(head) == 0) return 0;
    let next = atomic.load<u32>(u32(head));
    let desired = (((head >> 32) + 1) << 32) | u64(next);
    if (atomic.cmpxchg<u64>(top, head, desired) == head) return u32(head);
  }
}

// A lock that holds its owner; waiters park on the word.

export function lock(at: usize, owner: u32): void {
  while (true) {
    let seen = atomic.cmpxchg<u32>(at, 0, owner);
    if (seen == 0) return;
    atomic.wait<u32>(at, seen, -1);
  }
}

export function unlock(at: usize): void {
  atomic.store<u32>(at, 0);
  atomic.notify(at, 1);
}

export function addLocked(at: usize, owner: u32, counter: usize): void {
  lock(at, owner);
  store<u32>(counter, load<u32>(counter) + 1);
  store<u32>(counter + 4, load<u32>(counter + 4) + 1);
  unlock(at);
}

// Two words that the lock keeps equal; a survivor makes them so again.

export function recover(at: usize, dead: u32, counter: usize): void {
  if (atomic.load<u32>(at) == dead) {
    store<u32>(counter + 4, load<u32>(counter));
    atomic.store<u32>(at, 0);
  }
  atomic.notify(at, -1);
}

export function recoverWithoutWaking(at: usize, dead: u32, counter: usize): void {
  if (atomic.load<u32>(at) != dead) return;
  store<u32>(counter + 4, load<u32>(counter));
  atomic.store<u32>(at, 0);
  atomic.notify(at, -1);
}

export function spinLock(at: usize): void {
  while (atomic.cmpxchg<u32>(at, 0, 1) != 0) {}
}

export function spinUnlock(at: usize): void { atomic.store<u32>(at, 0); }

// Waiting for a flag. The signal changes the gate, so a waiter has to read the gate first.

export function awaitLate(flag: usize, gate: usize, timeout: i64): u32 {
  if (atomic.load<u32>(flag) != 0) return 0;
  return atomic.wait<u32>(gate, atomic.load<u32>(gate), timeout);
}

export function awaitFlag(flag: usize, gate: usize): void {
  while (true) {
    let seen = atomic.load<u32>(gate);
    if (atomic.load<u32>(flag) != 0) return;
    atomic.wait<u32>(gate, seen, -1);
  }
}

export function signal(flag: usize, gate: usize): u32 {
  atomic.store<u32>(flag, 1);
  atomic.add<u32>(gate, 1);
  return atomic.notify(gate, 1);
}

export function awaitCell(at: usize, expected: u64, timeout: i64): u32 {
  return atomic.wait<u64>(at, expected, timeout);
}

export function addCell(at: usize): void { atomic.add<u64>(at, 1); }

export function swapIf(at: usize, expected: u32, desired: u32): void {
  atomic.cmpxchg<u32>(at, expected, desired);
}

// Messages: data is plain, the mark in the flag says that it is there.

export function send(data: usize, value: u32, flag: usize, mark: u32): void {
  store<u32>(data, value);
  atomic.store<u32>(flag, mark);
}

export function sendPlain(data: usize, value: u32, flag: usize, mark: u32): void {
  store<u32>(data, value);
  store<u32>(flag, mark);
}

export function sendAdding(data: usize, value: u32, flag: usize): void {
  store<u32>(data, value);
  atomic.add<u32>(flag, 1);
}

export function receive(data: usize, flag: usize, mark: u32): u32 {
  return atomic.load<u32>(flag) == mark ? load<u32>(data) : 0;
}

// A reader without a lock, in a section; the writer reuses the old node when nobody is inside.

export function readNode(root: usize, section: usize): u32 {
  atomic.store<u32>(section, 1);
  let value = load<u32>(atomic.load<u32>(root));
  atomic.store<u32>(section, 0);
  return value;
}

export function replaceNode(root: usize, section: usize, node: u32): void {
  store<u32>(node, 7);
  let old = atomic.xchg<u32>(root, node);
  if (atomic.load<u32>(section) == 0) store<u32>(old, 9);
}

export function replaceNodeFast(root: usize, node: u32): void {
  store<u32>(node, 7);
  store<u32>(atomic.xchg<u32>(root, node), 9);
}
`;

const FLAGS = [
  'programs.ts',
  '--outFile=programs.wasm',
  '--runtime=stub',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=64',
  '--maximumMemory=64',
  '--enable=threads,simd,bulk-memory',
  '-O3',
  '--noAssert',
  '--debug',
];

/** Builds AssemblyScript as the kernel is built: optimised, with function names. */
async function compile(source: string): Promise<Uint8Array> {
  const written = new Map<string, Uint8Array | string>();
  const { error, stderr } = await asc.main(FLAGS, {
    readFile: (name) => (name === 'programs.ts' ? source : null),
    writeFile: (name, contents) => void written.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return written.get('programs.wasm') as Uint8Array;
}

/** The programs above, instrumented. */
export async function programs(): Promise<Instrumented> {
  return instrument(await compile(SOURCE));
}
