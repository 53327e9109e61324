/** A worker that holds a lock for its life and increments for ever. */
interface Task {
  counter: Int32Array;
  name: string;
  /** Increments before it lets the browser hear that it asks. */
  isHasty?: boolean;
}

/** Rests between some, so that many can be terminated at a time on few processors. */
function count(counter: Int32Array): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    for (let i = 0; i < 1000; i++) Atomics.add(counter, 0, 1);
    Atomics.wait(never, 0, 0, 1);
  }
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
