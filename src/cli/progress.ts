/**
 * Progress: a bar on a terminal, one line for each finished phase otherwise, nothing for `--json`.
 *
 * The bar goes to standard error and vanishes; lines go to standard output and stay.
 */
import cliProgress from 'cli-progress';

/** How often a bar looks at the count: often enough to look alive. */
const LOOK_MS = 50;

export class Progress {
  readonly #isSilent: boolean;
  #bar: cliProgress.SingleBar | undefined;
  #timer: NodeJS.Timeout | undefined;
  #done: () => number = () => 0;

  constructor(isSilent: boolean) {
    this.#isSilent = isSilent;
  }

  /** Begins a phase of `total` steps; `done` says how many are behind us. */
  begin(phase: string, total: number, done: () => number): void {
    if (this.#isSilent || !process.stderr.isTTY) return;
    const format = `${phase.padEnd(9)} {bar} {percentage} %  {value}/{total}  {eta_formatted} left`;
    this.#bar = new cliProgress.SingleBar(
      { format, clearOnComplete: true, hideCursor: true },
      cliProgress.Presets.shades_classic,
    );
    this.#bar.start(total, 0);
    this.#done = done;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Brings the bar up to date; for a phase that keeps this thread busy. */
  look(): void {
    this.#bar?.update(this.#done());
  }

  /** Ends the phase, however it went. */
  end(): void {
    clearInterval(this.#timer);
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** Says what a phase has done. */
  say(phase: string, text: string): void {
    if (!this.#isSilent) console.log(`${phase.padEnd(9)} ${text}`);
  }
}
