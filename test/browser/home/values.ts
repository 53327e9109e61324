/** What the test page and its workers agree on. */
export interface FromWorker {
  thread: number;
  wrong: number;
  rounds: number;
}

export const KEYS = 400;

export function expectedValue(key: number): string {
  return `${key}:`.repeat(20 + (key % 200));
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
