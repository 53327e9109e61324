/**
 * What waits for the tier: a bounded list of frames by key, of removals, and perhaps a clear of
 * everything before them.
 *
 *   newest wins   a key waits once, with the last thing that was done to it, at the place of the
 *                 first: whoever is written again and again leaves as well
 *   full          the oldest frame becomes a removal: the tier must not keep an older value of a
 *                 key whose newer one it was never told. Too many removals: everything goes, by
 *                 a clear
 *   one batch     is under way at a time (queue.ts). It fails: what of it is still the newest waits
 *                 again
 *   bytes         frames + removals + what is under way ≤ maxBytes:
 *                 removals ≤ ¼, a batch ≤ ¼ or one frame of ¾, and frames are dropped for the rest
 *
 * What is put only joins a list: `set` pays for no more than that. It is settled, each key once,
 * when somebody looks, when a batch leaves, and when the list is as long as a queue may be.
 *
 * A frame is private memory from the start, so that the cache may be closed, and its entries may
 * go, while they wait.
 */
import { bytesOf, type FrameMemory, type PackedFrame } from './frame-memory.ts';
import { judge, type Others } from './judge.ts';
import type { KeyName } from './key-name.ts';
import { sizeOf, type Write } from './write.ts';

/** A batch: a server works for a millisecond or so on it. */
const BATCH_ENTRIES = 256;
const BATCH_BYTES: number = 2 ** 20;

/** Of the bytes that may wait, what a frame may take, and removals, or a batch of several. */
const MOST_OF_ONE: number = 3 / 4;
const MOST_OF_REST: number = 1 / 4;

/** What frames may hold, beyond twice what they are, before they are moved. */
const LEAST_HELD: number = 2 ** 20;

export class Backlog {
  readonly #maxBytes: number;
  readonly #batchBytes: number;
  readonly #memory: FrameMemory;
  readonly #others: Others;
  /** What was put since it was settled last, and its bytes: a key perhaps several times. */
  #fresh: Write[] = [];
  #freshBytes = 0;
  /** Oldest first. */
  readonly #writes = new Map<KeyName, Write>();
  #underWay = new Map<KeyName, Write>();
  /** Of frames that wait, of removals, and of what is under way, with their places. */
  #frameBytes = 0;
  #removalBytes = 0;
  #underWayBytes = 0;
  #turn = 0;
  /** Turn of a clear: the tier has to forget everything before anything is written; 0: none. */
  #clearTurn = 0;
  dropped = 0;
  superseded = 0;
  /** Whether it was more than half full when something was put last. */
  isHalfFull = false;

  /** @param memory  of the frames that are put, which are released here */
  constructor(maxBytes: number, memory: FrameMemory, others: Others) {
    this.#maxBytes = maxBytes;
    this.#batchBytes = Math.min(BATCH_BYTES, maxBytes * MOST_OF_REST);
    this.#memory = memory;
    this.#others = others;
  }

  /** Writes, those under way included. */
  get entries(): number {
    this.#settle();
    return this.#writes.size + this.#underWay.size;
  }

  get bytes(): number {
    this.#settle();
    return this.#bytes;
  }

  /** The same, and of what is not settled yet, where a key may count several times. */
  get #bytes(): number {
    return this.#freshBytes + this.#frameBytes + this.#removalBytes + this.#underWayBytes;
  }

  get isEmpty(): boolean {
    return this.#clearTurn === 0 && this.#freshBytes === 0 && this.entries === 0;
  }

  /** Whether there is as much as may leave at once. */
  get hasBatch(): boolean {
    this.#settle();
    return this.#writes.size >= BATCH_ENTRIES || this.#frameBytes >= this.#batchBytes;
  }

  /** Which turn the last thing has that was put. */
  get turn(): number {
    return this.#turn;
  }

  /** Turn of the clear that waits; 0: none does. */
  get clearTurn(): number {
    return this.#clearTurn;
  }

  /** Whether a write of this key waits or is under way. */
  has(name: KeyName): boolean {
    return this.isWaiting(name) || this.#isWanted(this.#underWay.get(name));
  }

  /** Whether a write of this key waits: it comes after whatever the tier tells now. */
  isWaiting(name: KeyName): boolean {
    this.#settle();
    return this.#isWanted(this.#writes.get(name));
  }

  /** Whether anything waits, or is under way, that was put by then. */
  hasUpTo(turn: number): boolean {
    this.#settle();
    if (this.#clearTurn !== 0) return true;
    for (const writes of [this.#underWay, this.#writes]) {
      for (const write of writes.values()) if (write.turn <= turn) return true;
    }
    return false;
  }

  #isWanted(write: Write | undefined): boolean {
    return write !== undefined && judge(write, this.#others) !== 'drop';
  }

  /** What the tier will hold of a key for which a write waits or is under way. */
  find(name: KeyName): Uint8Array | undefined {
    this.#settle();
    const write = this.#writes.get(name) ?? this.#underWay.get(name);
    if (write?.frame === undefined || judge(write, this.#others) !== 'send') return undefined;
    return Buffer.from(bytesOf(write.frame));
  }

  /** A frame is to be written; undefined: the key is to be removed. */
  put(name: KeyName, frame: PackedFrame | undefined, expiry: number): void {
    if (frame === undefined || this.#hasRoomFor(sizeOf(name, frame))) {
      this.#add(name, frame, expiry, false);
      return;
    }
    this.#memory.release(frame);
    this.drop(name);
  }

  /** A value for which there is no room: the tier must not keep an older one. */
  drop(name: KeyName): void {
    this.dropped++;
    this.#add(name, undefined, 0, true);
  }

  /** Whether a frame would fit if nothing else waited. */
  #hasRoomFor(size: number): boolean {
    return size <= this.#maxBytes * MOST_OF_ONE && size <= this.#maxBytes - this.#underWayBytes;
  }

  #add(name: KeyName, frame: PackedFrame | undefined, expiry: number, isDropped: boolean): void {
    const { writes } = this.#others;
    const { clears } = writes;
    const others = writes.mark(name);
    const turn = ++this.#turn;
    const isDoubtful = false;
    this.#fresh.push({ name, frame, expiry, turn, clears, others, isDropped, isDoubtful });
    this.#freshBytes += sizeOf(name, frame);
    const bytes = this.#bytes;
    this.isHalfFull = bytes > this.#maxBytes / 2;
    if (bytes > this.#maxBytes) this.#settle();
  }

  /** Everything is to go, also what waits, and in the tier before anything else is done. */
  clear(): void {
    this.#others.writes.noteClear();
    this.#mustClear();
    this.#forgetAll();
  }

  #mustClear(): void {
    this.#clearTurn = ++this.#turn;
    this.#others.writes.awaitClear();
  }

  /** The tier was cleared. @param turn  of that clear: another may wait by now */
  cleared(turn: number): void {
    if (this.#clearTurn !== turn) return;
    this.#clearTurn = 0;
    this.#others.writes.clearArrived();
  }

  /** What waits is dropped. */
  stop(): void {
    this.dropped += this.entries;
    this.#forgetAll();
    this.cleared(this.#clearTurn);
  }

  #forgetAll(): void {
    this.#settle();
    for (const writes of [this.#writes, this.#underWay]) {
      for (const { name, frame } of writes.values()) {
        this.#others.writes.arrived(name);
        if (frame) this.#memory.release(frame);
      }
      writes.clear();
    }
    this.#frameBytes = 0;
    this.#removalBytes = 0;
    this.#underWayBytes = 0;
  }

  /** Gives what was put its places. Each is put once: as often as `put` is called. */
  #settle(): void {
    if (this.#freshBytes === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    this.#freshBytes = 0;
    for (const write of fresh) this.#place(write);
    while (this.#bytes > this.#maxBytes && this.#frameBytes > 0) this.#dropOldest();
    if (this.#memory.heldBytes > LEAST_HELD + 2 * this.#frameBytes) this.#moveTogether();
  }

  /** Between frames that wait lie others that were superseded: the cost of one copy for each. */
  #moveTogether(): void {
    for (const write of this.#writes.values()) {
      if (write.frame) write.frame = this.#memory.move(write.frame);
    }
  }

  #place(write: Write): void {
    const old = this.#writes.get(write.name);
    if (old !== undefined) this.#count(old, -1);
    if (old?.frame) this.#memory.release(old.frame);
    write.isDoubtful ||= old?.isDoubtful === true;
    this.#writes.set(write.name, write);
    this.#count(write, 1);
    if (this.#removalBytes > this.#maxBytes * MOST_OF_REST) this.#giveUpRemovals();
  }

  #count(write: Write, sign: 1 | -1): void {
    const size = sign * sizeOf(write.name, write.frame);
    if (write.frame === undefined) this.#removalBytes += size;
    else this.#frameBytes += size;
  }

  /** Makes a removal of the oldest frame. Removals that it meets go to the end, once. */
  #dropOldest(): void {
    for (const [name, write] of this.#writes) {
      this.#writes.delete(name);
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
    for (const [name, write] of this.#writes) {
      if (write.frame !== undefined) continue;
      this.#writes.delete(name);
      // Nor is an older one wanted that is under way, and may fail and wait again.
      this.#underWay.delete(name);
      this.#others.writes.arrived(name);
      if (!write.isDropped) this.dropped++;
    }
    this.#removalBytes = 0;
    this.#mustClear();
  }

  /** What leaves next, in memory that is not used again: `arrived`, or `failed`, is next. */
  take(): ReadonlyMap<KeyName, Write> {
    this.#settle();
    const now = Date.now();
    const framed: Write[] = [];
    for (const [name, write] of this.#writes) {
      const size = sizeOf(write.name, write.frame);
      const isFull = this.#underWayBytes + size > this.#batchBytes && this.#underWay.size > 0;
      if (isFull || this.#underWay.size === BATCH_ENTRIES) break;
      this.#writes.delete(name);
      this.#count(write, -1);
      if (!this.#mayLeave(write, now)) continue;
      this.#underWay.set(name, write);
      this.#underWayBytes += sizeOf(write.name, write.frame);
      if (write.frame) framed.push(write);
    }
    const frames = this.#memory.takeOut(framed.map(({ frame }) => frame!));
    for (const [i, write] of framed.entries()) write.frame = frames[i];
    return this.#underWay;
  }

  /** Makes a removal of what is to be one. @returns false: another thread has what is newer */
  #mayLeave(write: Write, now: number): boolean {
    const verdict = judge(write, this.#others);
    if (verdict === 'drop') {
      this.superseded++;
      // Of a clear by another thread: this one's mark still says that the write waits.
      this.#others.writes.arrived(write.name);
    }
    const isOver = write.expiry !== 0 && write.expiry <= now;
    if (write.frame && (isOver || verdict !== 'send')) {
      this.#memory.release(write.frame);
      write.frame = undefined;
    }
    return verdict !== 'drop';
  }

  /** The tier has what was under way. */
  arrived(): void {
    this.#land(false);
  }

  /** It has not, as far as is known: some may have come true, or may yet. */
  failed(): void {
    this.#land(true);
  }

  /**
   * Nothing is under way any more. If another thread has written a key meanwhile it is not known
   * which came first. What is doubtful is so of the newer write that waits, or waits again itself.
   */
  #land(hasFailed: boolean): void {
    // First: what is given up by that is taken out of these as well.
    this.#settle();
    // `clear` may have emptied it meanwhile: then nothing of it is wanted.
    const landed = this.#underWay;
    this.#underWay = new Map();
    this.#underWayBytes = 0;
    for (const write of landed.values()) {
      const newer = this.#writes.get(write.name);
      const last = newer ?? write;
      const isSure = !hasFailed && (!write.frame || judge(last, this.#others) === 'send');
      if (!isSure) last.isDoubtful = true;
      if (newer) continue;
      if (isSure) this.#others.writes.arrived(write.name);
      else this.#place(hasFailed ? write : { ...write, frame: undefined });
    }
  }
}
