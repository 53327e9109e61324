/**
 * Writes down what the current step touches, as the events of the machine tell it.
 *
 * A step is an atomic access and everything that its thread does until it stands before the next:
 * plain accesses and copies as well, so that what races without atomics is ordered like the rest.
 *
 *   event                      touches
 *   load                       the word, reading
 *   store, read-modify-write   the word, writing
 *   cas                        the word: writing if its value changed, else reading
 *   wait                       the word, reading; its queue, writing, if the thread parks
 *   notify                     the queue: writing if it woke somebody, else reading
 *   kill                       KILLS, writing
 *   call, return, finish       BODIES, writing, if bodies share variables
 *   what an observer asks      the words that it looks at to judge an access, reading
 *
 * What a cas did is known at the next event or the end of the step. One that stores the value it
 * found counts as a failed one: they commute alike.
 */
import type { EngineEvent, Observer } from '../observer.ts';
import type { Site } from '../site.ts';
import { type AccessLog, BODIES, KILLS, QUEUES } from './access-log.ts';

/** Of the observer that judges what is searched. */
export type Guards = Observer['guards'];

export class Effects implements Observer {
  /** False while steps are repeated whose effects are known. */
  isRecording = false;
  readonly #log: AccessLog;
  readonly #words: Uint32Array;
  readonly #bodiesShare: boolean;
  readonly #guards: Guards;
  readonly #readWord = (word: number): void => this.#log.add(word, false);
  /** Address of a cas whose outcome is open, or -1. */
  #casAt = -1;
  #casLength = 0;
  #casLow = 0;
  #casHigh = 0;

  constructor(log: AccessLog, words: Uint32Array, bodiesShare: boolean, guards?: Guards) {
    this.#log = log;
    this.#words = words;
    this.#bodiesShare = bodiesShare;
    this.#guards = guards;
  }

  access(_thread: number, site: Site, address: number, length: number): void {
    if (!this.isRecording) return;
    this.settle();
    this.#guards?.(site, address, length, this.#readWord);
    if (site.op !== 'cas') {
      this.#log.addBytes(address, length, site.writes);
      return;
    }
    this.#casAt = address;
    this.#casLength = length;
    this.#casLow = this.#words[address >>> 2] ?? 0;
    this.#casHigh = this.#words[(address >>> 2) + 1] ?? 0;
  }

  observe(event: EngineEvent): void {
    if (!this.isRecording) return;
    this.settle();
    switch (event.kind) {
      case 'wait':
        this.#log.addBytes(event.address, event.site.width, false);
        if (event.parked) this.#log.add(QUEUES | (event.address >>> 2), true);
        break;
      case 'notify':
        this.#log.add(QUEUES | (event.address >>> 2), event.woken.length > 0);
        break;
      case 'kill':
      case 'unwind':
        this.#log.add(KILLS, true);
        break;
      case 'resume':
        break;
      default:
        if (this.#bodiesShare) this.#log.add(BODIES, true);
    }
  }

  /** Finds out whether the last cas changed memory. */
  settle(): void {
    const address = this.#casAt;
    if (address < 0) return;
    this.#casAt = -1;
    const changed =
      this.#words[address >>> 2] !== this.#casLow ||
      (this.#casLength > 4 && this.#words[(address >>> 2) + 1] !== this.#casHigh);
    this.#log.addBytes(address, this.#casLength, changed);
  }
}
