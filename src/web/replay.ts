/**
 * A recording: frames that are kept, and applied up to any look that somebody wants to see.
 *
 * Going forward applies what lies between; going back begins anew. A minute is 60 looks, so an hour
 * is some thousand frames, which take milliseconds.
 */
import { FIGURES, type Frame } from '../inspect/wire.ts';

/** What a recording is played on. */
interface Stage {
  applyToZone(frame: Frame): void;
  /** What follows is older than what was applied. */
  rewind(): void;
}

export class Replay {
  readonly #stage: Stage;
  readonly #frames: Frame[] = [];
  /** Frames up to and with each look's last. */
  readonly #ends: number[] = [];
  #zone: number | undefined;
  /** Whether the first zone's figures of the last look have come. */
  #isOver = false;
  #applied = 0;
  /** The look that is seen. */
  look = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get looks(): number {
    return this.#ends.length;
  }

  /** A look begins with the first frame of the first zone after that zone's figures. */
  keep(frame: Frame): void {
    this.#zone ??= frame.zone;
    const isFirst = this.#ends.length === 0 || (this.#isOver && frame.zone === this.#zone);
    if (isFirst) {
      this.#ends.push(0);
      this.#isOver = false;
    }
    this.#frames.push({ ...frame, body: frame.body.slice() });
    this.#ends[this.#ends.length - 1] = this.#frames.length;
    if (frame.kind === FIGURES && frame.zone === this.#zone) this.#isOver = true;
  }

  seek(look: number): void {
    const wanted = Math.min(Math.max(0, look), this.looks - 1);
    const end = this.#ends[wanted] ?? 0;
    if (end < this.#applied) {
      this.#applied = 0;
      this.#stage.rewind();
    }
    while (this.#applied < end) this.#stage.applyToZone(this.#frames[this.#applied++]!);
    this.look = wanted;
  }
}
