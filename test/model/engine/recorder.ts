/**
 * Writes an execution down for people: one line per event.
 *
 *   step  thread  operation      address   before -> after   function
 *     12  reader  cas32          refs      1 -> 2            pin
 *      .  reader  load32 (plain) data      7                 read
 *
 * Plain accesses carry a dot, because they happen together with the step before them. The value
 * after a write is read at the next event, when the write has been done.
 */
import type { EngineEvent, Observer } from './observer.ts';
import { describeOp, type Site } from './site.ts';

const MAX_LINES = 800;

interface OpenLine {
  columns: string[];
  site: Site;
  address: number;
  length: number;
  before: string;
}

type AccessEvent = Extract<EngineEvent, { kind: 'access' }>;

export interface RecorderOptions {
  words: Uint32Array;
  threadNames: readonly string[];
  nameOf: (address: number) => string;
}

export class Recorder implements Observer {
  readonly #options: RecorderOptions;
  #lines: string[] = [];
  #open: OpenLine | null = null;
  #steps = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#lines = [];
    this.#open = null;
    this.#steps = 0;
  }

  observe(event: EngineEvent): void {
    this.#close();
    const name = this.#options.threadNames[event.thread] ?? `thread ${event.thread}`;
    if (event.kind === 'access') {
      this.#access(event, name);
      return;
    }
    const isStep = event.kind === 'wait' || event.kind === 'notify' || event.kind === 'resume';
    const columns = [isStep ? String(++this.#steps) : '', name, ...this.#describe(event)];
    this.#lines.push(layOut(columns));
  }

  /** The whole trace; the middle of a long one is left out. */
  text(): string {
    this.#close();
    const over = this.#lines.length - MAX_LINES;
    if (over <= 0) return this.#lines.join('\n');
    const head = this.#lines.slice(0, MAX_LINES / 2);
    const tail = this.#lines.slice(-MAX_LINES / 2);
    return [...head, `    … ${over} lines left out …`, ...tail].join('\n');
  }

  #access({ site, address, length }: AccessEvent, name: string): void {
    const count = site.atomic ? String(++this.#steps) : '.';
    const place = this.#options.nameOf(address);
    const columns = [count, name, describeOp(site), place];
    const before = this.#valueAt(address, length);
    this.#open = { columns, site, address, length, before };
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const { columns, site, address, length, before } = open;
    const value = site.writes ? `${before} -> ${this.#valueAt(address, length)}` : before;
    this.#lines.push(layOut([...columns, value, site.functionName]));
  }

  #describe(event: Exclude<EngineEvent, AccessEvent>): string[] {
    const { nameOf, threadNames } = this.#options;
    switch (event.kind) {
      case 'wait': {
        const outcome = event.parked ? 'parks' : 'finds another value';
        return [describeOp(event.site), nameOf(event.address), outcome, event.site.functionName];
      }
      case 'notify': {
        const woken = event.woken.map((index) => threadNames[index]).join(', ') || 'nobody';
        return ['notify', nameOf(event.address), `wakes ${woken}`, event.site.functionName];
      }
      case 'resume':
        return [event.timedOut ? 'time is up' : 'wakes up'];
      case 'kill':
        return ['is killed'];
      case 'unwind':
        return ['is cut short'];
      case 'recover':
        return [`recovers from the death of ${threadNames[event.victim]}`];
      case 'call':
        return [`${event.name}(${event.args.join(', ')})`];
      case 'return':
        return [`${event.name} returns ${event.result ?? 'nothing'}`];
      case 'finish':
        return ['is done'];
    }
  }

  #valueAt(address: number, length: number): string {
    const { words } = this.#options;
    if (length === 0 || length > 8) return `${length} bytes`;
    const end = Math.min(address + length, words.byteLength);
    const bytes = new Uint8Array(
      words.buffer,
      Math.min(address, end),
      end - Math.min(address, end),
    );
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return value < 65536n ? String(value) : `0x${value.toString(16)}`;
  }
}

const WIDTHS = [4, 10, 16, 14, 24];

function layOut(columns: string[]): string {
  const cells = columns.map((cell, i) =>
    i === 0 ? cell.padStart(4) : cell.padEnd(WIDTHS[i] ?? 0),
  );
  return cells.join('  ').trimEnd();
}
