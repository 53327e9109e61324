/**
 * A crew: workers that do the same thing at the same time, each on a CPU of its own.
 *
 * The file of a crew's members calls `serve`. A request goes to the first `threads` members, and
 * each answers with one figure, which it measures itself: the way of a message there and back is
 * not part of it. Members meet at a barrier in shared memory, so that they begin together.
 */
import { once } from 'node:events';
import { cpus } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { pinThread } from './suite.ts';

interface Berth<Setup> {
  setup: Setup;
  index: number;
  barrier: Int32Array;
}

interface Order<Request> {
  request: Request;
  threads: number;
}

export class Crew<Setup, Request> {
  readonly #workers: Worker[];
  readonly #barrier = new Int32Array(new SharedArrayBuffer(4));

  private constructor(file: URL, setups: Setup[]) {
    this.#workers = setups.map((setup, index) => {
      const berth: Berth<Setup> = { setup, index, barrier: this.#barrier };
      return new Worker(file, { workerData: berth });
    });
  }

  /**
   * Starts a member for each setup. Resolves when all are ready: none opens while others measure.
   */
  static async open<Setup, Request>(file: URL, setups: Setup[]): Promise<Crew<Setup, Request>> {
    const crew = new Crew<Setup, Request>(file, setups);
    await Promise.all(crew.#workers.map((worker) => once(worker, 'message')));
    return crew;
  }

  /** One figure of each of the first `threads` members. Rejects when one of them fails. */
  async ask(request: Request, threads: number): Promise<number[]> {
    this.#barrier[0] = 0;
    const members = this.#workers.slice(0, threads);
    const answers = members.map(async (worker) => {
      const [answer] = (await once(worker, 'message')) as [number];
      return answer;
    });
    const order: Order<Request> = { request, threads };
    for (const worker of members) worker.postMessage(order);
    return Promise.all(answers);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** Returns when all threads of the request under way have called it as often as this one. */
export type Meet = () => void;

/** Looks at the barrier before parking: the others are awake and about to come. */
const LOOKS = 100_000;

function barrierOf(word: Int32Array, threads: number): Meet {
  return () => {
    const arrived = Atomics.add(word, 0, 1) + 1;
    const full = Math.ceil(arrived / threads) * threads;
    for (let look = 0; Atomics.load(word, 0) < full; look++) {
      if (look > LOOKS) Atomics.wait(word, 0, Atomics.load(word, 0), 1);
    }
  };
}

/** What a member's file calls: `open` once, then what it returns for each request. */
export function serve<Setup, Request>(
  open: (setup: Setup, index: number) => (request: Request, meet: Meet) => number,
): void {
  const { setup, index, barrier } = workerData as Berth<Setup>;
  // From the last CPU down: the thread that asks is awake on some other one.
  pinThread(cpus().length - 1 - index);
  const answer = open(setup, index);
  parentPort!.on('message', ({ request, threads }: Order<Request>) => {
    parentPort!.postMessage(answer(request, barrierOf(barrier, threads)));
  });
  parentPort!.postMessage('ready');
}

/** ns of one of the `count` operations of `pass`, which is called until `ms` have gone by. */
export function nsOf(count: number, ms: number, pass: () => void): number {
  const start = performance.now();
  let time: number;
  let passes = 0;
  do {
    pass();
    passes++;
    time = performance.now() - start;
  } while (time < ms);
  return (time * 1e6) / (passes * count);
}
