/** A worker that holds a lock for its life and increments for ever. */
interface Task {
  counter: Int32Array;
  name: string;
  /** Increments before it lets the browser hear that it asks. */
  isHasty?: boolean;
}

function count(counter: Int32Array): void {
  for (;;) Atomics.add(counter, 0, 1);
}

self.onmessage = ({ data: { counter, name, isHasty } }: MessageEvent<Task>) => {
  const forever = new Promise<void>(() => {});
  void navigator.locks.request(name, () => {
    postMessage('held');
    // In another task: what blocks in this one has not been heard.
    setTimeout(() => count(counter), 20);
    return forever;
  });
  if (isHasty) count(counter);
};
