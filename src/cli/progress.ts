/**
 * Progress: a line that changes on a terminal, one line for each finished phase otherwise, nothing
 * for `--json`.
 *
 * The changing line goes to standard error and vanishes; the others go to standard output and stay.
 */

/** How often the line looks at the count: often enough to look alive. */
const LOOK_MS = 50;
const BAR_CELLS = 30;
/** Back to the margin, and clear to the end of the line. */
const WIPE = '\r\x1b[K';

/** `load      ████████░░░░  25 %  100/400  3 s left` */
export function progressLine(phase: string, done: number, total: number, seconds: number): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * BAR_CELLS);
  const bar = '█'.repeat(filled).padEnd(BAR_CELLS, '░');
  const left = share > 0 ? `  ${Math.ceil((seconds * (1 - share)) / share)} s left` : '';
  return `${phase.padEnd(9)} ${bar} ${Math.floor(share * 100)} %  ${done}/${total}${left}`;
}

export class Progress {
  readonly #isSilent: boolean;
  #timer: NodeJS.Timeout | undefined;
  #line: () => string = () => '';

  constructor(isSilent: boolean) {
    this.#isSilent = isSilent;
  }

  /** Begins a phase of `total` steps; `done` says how many are behind us. */
  begin(phase: string, total: number, done: () => number): void {
    if (this.#isSilent || !process.stderr.isTTY) return;
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    this.#line = () => progressLine(phase, done(), total, seconds());
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Brings the line up to date; for a phase that keeps this thread busy. */
  look(): void {
    if (!this.#timer) return;
    const line = this.#line().slice(0, process.stderr.columns || 80);
    process.stderr.write(`${WIPE}${line}`);
  }

  /** Ends the phase, however it went. */
  end(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.stderr.write(WIPE);
  }

  /** Says what a phase has done. */
  say(phase: string, text: string): void {
    if (!this.#isSilent) console.log(`${phase.padEnd(9)} ${text}`);
  }
}
