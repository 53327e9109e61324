/**
 * A crew: worker threads that do the same kind of job, each its own share, all at once.
 *
 * A worker posts one message when it is ready and one for each job. Nothing that waits for them
 * waits for ever: the first worker that throws, exits or cannot be understood fails what is under
 * way and all that follows, and `stop` ends every thread.
 */
import { Worker } from 'node:worker_threads';

/** How long a worker may take to leave by itself. */
const LEAVE_MS = 5000;

export class WorkerFailure extends Error {
  override name = 'WorkerFailure';
}

export class Crew<Job, Result> {
  readonly #workers: Worker[];
  readonly #exits: Promise<void>[];
  #failure: WorkerFailure | undefined;
  #isStopping = false;
  /** The round under way: answers so far, and whom to tell. */
  #answers: Result[] = [];
  #missing = 0;
  #settle: { resolve(results: Result[]): void; reject(failure: Error): void } | undefined;

  /** Starts `size` workers with `dataOf(index)` as their workerData. */
  constructor(script: URL, size: number, dataOf: (index: number) => unknown) {
    this.#workers = Array.from({ length: size }, (_, index) => {
      return new Worker(script, { workerData: dataOf(index), name: `pageless demo ${index + 1}` });
    });
    this.#exits = this.#workers.map((worker, index) => this.#watch(worker, index));
  }

  #watch(worker: Worker, index: number): Promise<void> {
    const name = `worker ${index + 1} of ${this.#workers.length}`;
    worker.on('message', (result: Result) => this.#answer(index, result));
    worker.on('error', (error) => this.#fail(`${name} crashed: ${error?.message ?? error}`));
    worker.on('messageerror', (error) => this.#fail(`${name} is not understood: ${error.message}`));
    return new Promise((resolve) => {
      worker.once('exit', (code) => {
        if (!this.#isStopping) this.#fail(`${name} ended early, with exit code ${code}`);
        resolve();
      });
    });
  }

  #answer(index: number, result: Result): void {
    this.#answers[index] = result;
    this.#missing--;
    if (this.#missing === 0) this.#settle?.resolve(this.#answers);
  }

  #fail(reason: string): void {
    this.#failure ??= new WorkerFailure(reason);
    this.#settle?.reject(this.#failure);
  }

  /** Waits until every worker is ready. To be called right after the constructor. */
  ready(): Promise<Result[]> {
    return this.#round();
  }

  /** Gives every worker the job. @returns their results, by worker */
  run(job: Job): Promise<Result[]> {
    const results = this.#round();
    for (const worker of this.#workers) worker.postMessage(job);
    return results;
  }

  #round(): Promise<Result[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#answers = [];
    this.#missing = this.#workers.length;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** Ends all workers: idle ones by themselves, others by force. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const waitMs = this.#failure ? 0 : LEAVE_MS;
    for (const worker of this.#workers) worker.postMessage('stop');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([Promise.all(this.#exits), late]);
    clearTimeout(timer);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
