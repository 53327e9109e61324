/**
 * How every worker of a stress run works: step after step, until it is told to stop or finds a
 * fault.
 */
import { parentPort } from 'node:worker_threads';
import { operationsAt, type Shared, STOP } from './value.ts';

export interface Work {
  shared: Shared;
  writer: number;
  step(): void;
  /** Steps between two turns of the event loop, in which messages (and lifelines) get through. */
  slice: number;
}

/** Posts `end`: stopped, or wrong. */
export function workInSlices({ shared, writer, step, slice }: Work): void {
  const finish = (end: object): void => parentPort?.postMessage(end);
  const turn = (): void => {
    try {
      for (let i = 0; i < slice; i++) {
        if (Atomics.load(shared, STOP) !== 0) {
          finish({ end: 'stopped' });
          return;
        }
        step();
        Atomics.add(shared, operationsAt(writer), 1);
      }
      setImmediate(turn);
    } catch (error) {
      finish({ end: 'wrong', error });
    }
  };
  turn();
}
