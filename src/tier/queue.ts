/**
 * What waits to be written: a bounded queue of frames by key, and removals.
 *
 *   newest wins   a key waits once, with the last thing that was done to it, at the place of the
 *                 first: whoever is written again and again leaves as well
 *   full          the oldest frame becomes a removal: the tier must not keep an older value of a
 *                 key whose newer one it was never told. Too many removals: everything goes, by
 *                 `clear`
 *   one batch     is under way at a time. It fails: what of it is still the newest waits again
 *   other threads have queues of their own. What one of them has written since does not leave any
 *                 more: it has what is newer (local-writes.ts). Where that is not known, or what
 *                 was under way may have come later than the newer one, the key is removed: the
 *                 tier ends with what was written last, or with nothing
 *
 * After a failure the next attempt keeps no process alive, unless somebody waits for it (`hold`).
 *
 * What is put only joins a list: `set` pays for no more than that. It is settled, each key once,
 * when somebody looks, when a batch leaves, and when the list is as long as a queue may be.
 *
 * A frame is private memory from the start, so that the cache may be closed, and its entries may
 * go, while they wait.
 */
import { keptOf } from './answers.ts';
import type { Calls } from './calls.ts';
import { bytesOf, type FrameMemory, type PackedFrame } from './frame-memory.ts';
import type { Tier, TierEntry } from './interface.ts';
import { judge, type Others } from './judge.ts';
import { bytesOfName, type KeyName } from './key-name.ts';
import type { Policy } from './policy.ts';
import { entriesOf, sizeOf, type Write } from './write.ts';

const { setTimeout, clearTimeout } = globalThis;

/** A batch: a server works for a millisecond or so on it. */
const BATCH_ENTRIES = 256;
const BATCH_BYTES: number = 2 ** 20;

/** What frames may hold, beyond twice what they are, before they are moved. */
const LEAST_HELD: number = 2 ** 20;

export class WriteQueue {
  readonly #tier: Tier;
  readonly #policy: Policy;
  readonly #calls: Calls;
  readonly #memory: FrameMemory;
  readonly #others: Others;
  /** What was put since it was settled last, and its bytes: a key perhaps several times. */
  #fresh: Write[] = [];
  #freshBytes = 0;
  /** Oldest first. */
  readonly #waiting = new Map<KeyName, Write>();
  #sending = new Map<KeyName, Write>();
  /** Of frames that wait, and of removals, with their places. */
  #frameBytes = 0;
  #removalBytes = 0;
  #turn = 0;
  /** Turn of a clear: the tier has to forget everything before anything is written; 0: none. */
  #clearTurn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the timer's attempt comes after one that failed. */
  #isRetry = false;
  #holds = 0;
  #isUnderWay = false;
  #isStopped = false;
  #listeners: (() => void)[] = [];
  sets = 0;
  deletes = 0;
  /** Sets and removals that came true as they were asked for. */
  written = 0;
  refusals = 0;
  dropped = 0;
  superseded = 0;
  #tallied = { written: 0, dropped: 0 };

  /** @param memory  of the frames that are put, which are released here */
  constructor(tier: Tier, policy: Policy, calls: Calls, memory: FrameMemory, others: Others) {
    this.#memory = memory;
    this.#others = others;
    this.#tier = tier;
    this.#policy = policy;
    this.#calls = calls;
  }

  get entries(): number {
    this.#settle();
    return this.#waiting.size + this.#sending.size;
  }

  get bytes(): number {
    this.#settle();
    return this.#frameBytes + this.#removalBytes;
  }

  /** Whether a write of this key waits or is under way. */
  has(name: KeyName): boolean {
    return this.isWaiting(name) || this.#isWanted(this.#sending.get(name));
  }

  /** Whether a write of this key waits: it comes after whatever the tier tells now. */
  isWaiting(name: KeyName): boolean {
    this.#settle();
    return this.#isWanted(this.#waiting.get(name));
  }

  /** What the tier will hold of a key for which a write waits or is under way. */
  find(name: KeyName): Uint8Array | undefined {
    this.#settle();
    const write = this.#waiting.get(name) ?? this.#sending.get(name);
    if (write?.frame === undefined || judge(write, this.#others) !== 'send') return undefined;
    return Buffer.from(bytesOf(write.frame));
  }

  /** A frame is to be written; undefined: the key is to be removed. */
  put(name: KeyName, frame: PackedFrame | undefined, expiry = 0): void {
    this.#put({ ...this.#begin(name), frame, expiry });
  }

  /** A value that no frame can hold: the tier must not keep an older one. */
  drop(name: KeyName): void {
    this.dropped++;
    this.#put({ ...this.#begin(name), frame: undefined, expiry: 0, isDropped: true });
  }

  #begin(name: KeyName): Pick<Write, 'name' | 'turn' | 'clears' | 'others'> {
    const { writes } = this.#others;
    return { name, turn: ++this.#turn, clears: writes.clears, others: writes.mark(name) };
  }

  #put(write: Write): void {
    const { maxQueueBytes, delayMs } = this.#policy;
    this.#fresh.push(write);
    this.#freshBytes += sizeOf(write);
    const bytes = this.#freshBytes + this.#frameBytes + this.#removalBytes;
    if (bytes > maxQueueBytes) this.#settle();
    this.#schedule(bytes > maxQueueBytes / 2 ? 0 : delayMs);
  }

  /** Everything is to go, also what waits. */
  clear(): void {
    this.#others.writes.noteClear();
    this.#mustClearTier();
    this.#forgetAll();
    this.#schedule(0);
  }

  get #mustClear(): boolean {
    return this.#clearTurn !== 0;
  }

  #mustClearTier(): void {
    this.#clearTurn = ++this.#turn;
    this.#others.writes.awaitClear();
  }

  #forgetAll(): void {
    this.#settle();
    for (const writes of [this.#waiting, this.#sending]) {
      for (const { name, frame } of writes.values()) {
        this.#others.writes.arrived(name);
        if (frame) this.#memory.release(frame);
      }
      writes.clear();
    }
    this.#frameBytes = 0;
    this.#removalBytes = 0;
  }

  /** Resolved when everything that waits now is written, superseded or dropped. */
  drained(): Promise<void> {
    this.#settle();
    const last = this.#turn;
    const isOver = () => !this.#mustClear && !this.#hasUpTo(last);
    if (isOver()) return Promise.resolve();
    this.#schedule(0);
    return new Promise((resolve) => {
      const look = () => {
        if (isOver()) resolve();
        else this.#listeners.push(look);
      };
      this.#listeners.push(look);
    });
  }

  /** To be called later: tells what became of writes since one was called last, as of now. */
  tally(): () => { written: number; dropped: number } {
    const before = this.#tallied;
    return () => {
      const dropped = this.dropped + this.refusals;
      this.#tallied = { written: this.written, dropped };
      return { written: this.written - before.written, dropped: dropped - before.dropped };
    };
  }

  /** Attempts keep the process alive until the function that this returns is called, once. */
  hold(): () => void {
    this.#holds++;
    if (this.#isRetry) this.#timer?.ref?.();
    return () => {
      this.#holds--;
      if (this.#isRetry && this.#holds === 0) this.#timer?.unref?.();
    };
  }

  /** Nothing is to keep the process alive any more. What waits is dropped. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isStopped = true;
    this.dropped += this.entries;
    this.#forgetAll();
    this.#clearTurn = 0;
    this.#others.writes.clearArrived();
    this.#tell();
  }

  /** Tries at once: the tier may be there again. */
  kick(): void {
    if (this.entries > 0 || this.#mustClear) this.#schedule(0);
  }

  #hasUpTo(turn: number): boolean {
    for (const writes of [this.#sending, this.#waiting]) {
      for (const write of writes.values()) if (write.turn <= turn) return true;
    }
    return false;
  }

  /** Gives what was put its places. Each is put once: as often as `put` is called. */
  #settle(): void {
    if (this.#freshBytes === 0) return;
    for (const write of this.#fresh) this.#place(write);
    this.#fresh = [];
    this.#freshBytes = 0;
    while (this.#frameBytes > this.#policy.maxQueueBytes) this.#drop();
    if (this.#memory.heldBytes > LEAST_HELD + 2 * this.#frameBytes) this.#moveTogether();
  }

  /** Between frames that wait lie others that were superseded: the cost of one copy for each. */
  #moveTogether(): void {
    for (const write of this.#waiting.values()) {
      if (write.frame) write.frame = this.#memory.move(write.frame);
    }
  }

  #place(write: Write): void {
    const old = this.#waiting.get(write.name);
    if (old !== undefined) this.#count(old, -1);
    if (old?.frame) this.#memory.release(old.frame);
    this.#waiting.set(write.name, write);
    this.#count(write, 1);
    if (this.#removalBytes > this.#policy.maxQueueBytes / 4) this.#giveUpRemovals();
  }

  #count(write: Write, sign: 1 | -1): void {
    if (write.frame === undefined) this.#removalBytes += sign * sizeOf(write);
    else this.#frameBytes += sign * sizeOf(write);
  }

  /** Makes a removal of the oldest frame. Removals that it meets go to the end, once. */
  #drop(): void {
    for (const [name, write] of this.#waiting) {
      this.#waiting.delete(name);
      this.#count(write, -1);
      const { frame } = write;
      write.frame = undefined;
      write.isDropped ||= frame !== undefined;
      this.#place(write);
      if (frame === undefined) continue;
      this.#memory.release(frame);
      this.dropped++;
      return;
    }
  }

  #giveUpRemovals(): void {
    for (const [name, write] of this.#waiting) {
      if (write.frame !== undefined) continue;
      this.#waiting.delete(name);
      this.#others.writes.arrived(name);
      if (!write.isDropped) this.dropped++;
    }
    this.#removalBytes = 0;
    this.#mustClearTier();
  }

  #schedule(ms: number, isRetry = false): void {
    if (this.#isUnderWay || this.#isStopped) return;
    if (this.#timer !== undefined) {
      if (ms > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => void this.#send(), ms);
    this.#isRetry = isRetry;
    if (isRetry && this.#holds === 0) this.#timer.unref?.();
  }

  async #send(): Promise<void> {
    this.#timer = undefined;
    if (this.#isUnderWay || (this.entries === 0 && !this.#mustClear)) return;
    this.#isUnderWay = true;
    const answer = this.#mustClear ? await this.#sendClear() : await this.#sendBatch();
    this.#isUnderWay = false;
    this.#tell();
    if (this.entries === 0 && !this.#mustClear) return;
    if (answer) this.#schedule(0);
    else this.#schedule(Math.max(1, this.#calls.waitMs), true);
  }

  async #sendClear(): Promise<boolean> {
    const turn = this.#clearTurn;
    const answer = await this.#calls.write(() => this.#tier.clear());
    if (answer === undefined) return false;
    // Another may have been asked for meanwhile.
    if (this.#clearTurn === turn) this.#clearTurn = 0;
    if (!this.#mustClear) this.#others.writes.clearArrived();
    return true;
  }

  #isWanted(write: Write | undefined): boolean {
    return write !== undefined && judge(write, this.#others) !== 'drop';
  }

  async #sendBatch(): Promise<boolean> {
    this.#takeBatch();
    // All of it was superseded: nobody is asked.
    if (this.#sending.size === 0) return true;
    const { timeouts } = this.#calls;
    const now = Date.now();
    const [kept, gone] = [new Map<KeyName, Write>(), [] as KeyName[]];
    for (const [name, write] of this.#sending) {
      if (write.frame && (write.expiry === 0 || write.expiry > now)) kept.set(name, write);
      else gone.push(name);
    }
    const answer = await this.#calls.write(() =>
      Promise.all([this.#set(entriesOf(kept, now)), this.#delete(gone.map(bytesOfName))]),
    );
    if (answer) {
      const [taken] = answer.value;
      this.refusals += kept.size - taken;
      this.sets += taken;
      this.deletes += gone.length;
      this.written += taken + gone.filter((name) => !this.#sending.get(name)?.isDropped).length;
    }
    const isLate = this.#calls.timeouts !== timeouts;
    const sent = this.#sending;
    this.#sending = new Map();
    this.#settle();
    // `clear` may have emptied it meanwhile: then nothing of it is wanted.
    for (const [name, write] of sent) {
      if (this.#waiting.has(name)) continue;
      if (!answer) this.#place(isLate ? { ...write, isLate } : write);
      else if (kept.has(name) && judge(write, this.#others) !== 'send') this.#placeRemoval(write);
      else this.#others.writes.arrived(name);
    }
    return answer !== undefined;
  }

  /** Of what was under way while another thread wrote: which came first is not known. */
  #placeRemoval(write: Write): void {
    this.#place({ ...write, frame: undefined, isSure: true });
  }

  /** @returns how many the tier keeps */
  async #set(entries: TierEntry[]): Promise<number> {
    return entries.length === 0 ? 0 : keptOf(await this.#tier.setMany(entries), entries.length);
  }

  async #delete(keys: Uint8Array[]): Promise<void> {
    if (keys.length > 0) await this.#tier.deleteMany(keys);
  }

  /** What leaves next, in memory that is not used again. */
  #takeBatch(): void {
    let bytes = 0;
    const framed: Write[] = [];
    for (const [name, write] of this.#waiting) {
      if (this.#sending.size === BATCH_ENTRIES || bytes > BATCH_BYTES) break;
      this.#waiting.delete(name);
      this.#count(write, -1);
      const verdict = judge(write, this.#others);
      if (verdict === 'drop') this.superseded++;
      if (verdict !== 'send' && write.frame) {
        this.#memory.release(write.frame);
        write.frame = undefined;
      }
      if (verdict === 'drop') continue;
      if (verdict === 'remove') write.isSure = true;
      this.#sending.set(name, write);
      if (write.frame) framed.push(write);
      bytes += sizeOf(write);
    }
    const frames = this.#memory.takeOut(framed.map(({ frame }) => frame!));
    for (const [i, write] of framed.entries()) write.frame = frames[i];
  }

  #tell(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
