/** The page's state: one stream at a time, whatever people do, and what is shown of which zone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeJson, HEAD, ZONE } from '../inspect/wire.ts';
import { Model } from './model.ts';

Object.assign(globalThis, { window: globalThis });
const head = { from: 'program', title: 'test', pid: 1, hasKeys: false };
/** Goes by real time, whatever a test makes of timers. */
const { setTimeout: sleep } = globalThis;
const turns = () => new Promise((resolve) => sleep(resolve, 20));
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turns();
}

/** A model, and the streams that it has asked for. */
function open() {
  const streams: { signal: AbortSignal; send(bytes: Uint8Array): void; end(): void }[] = [];
  globalThis.fetch = async (_, { signal } = {}) => {
    let to!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        to = controller;
        signal!.addEventListener('abort', () => controller.error(signal!.reason));
      },
    });
    streams.push({ signal: signal!, send: (bytes) => to.enqueue(bytes), end: () => to.close() });
    return new Response(body);
  };
  return { model: new Model('secret'), streams };
}

function addZone(model: Model, zone: number, id: string): void {
  const info = { id, title: id, pages: 64, pageBytes: 4096, names: ['free'] };
  const [kind, body] = [ZONE, new TextEncoder().encode(JSON.stringify(info))];
  model.apply({ kind, zone, body });
}

test('a pause and going on at once leaves one stream', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { model, streams } = open();
  void model.run();
  await until(() => streams.length === 1);
  streams[0]!.send(encodeJson(HEAD, 0, head));
  await until(() => model.status === 'live');
  model.pause();
  void model.run();
  await until(() => streams.length === 2);
  await turns();
  assert.equal(model.status, 'connecting', 'the first stream’s end is none of the second’s');
  streams[1]!.send(encodeJson(HEAD, 0, head));
  await until(() => model.status === 'live');
  // A stream that had ended would be tried again after a second.
  context.mock.timers.tick(1200);
  await turns();
  assert.equal(model.status, 'live');
  assert.deepEqual(
    streams.map(({ signal }) => signal.aborted),
    [true, false],
  );
  model.pause();
});

test('a pause stays one, though the stream ends or a frame was on its way', async () => {
  const { model, streams } = open();
  void model.run();
  await until(() => streams.length === 1);
  streams[0]!.send(encodeJson(HEAD, 0, head));
  model.pause();
  await turns();
  assert.equal(model.status, 'paused');
});

test('a program without a zone is live, and views are told', () => {
  const { model } = open();
  let told = 0;
  model.subscribe(() => told++);
  model.apply({ kind: HEAD, zone: 0, body: new TextEncoder().encode(JSON.stringify(head)) });
  assert.deepEqual([model.status, told], ['live', 1]);
});

test('what is chosen in a zone is not chosen in another', () => {
  const { model } = open();
  addZone(model, 0, 'first');
  addZone(model, 1, 'second');
  model.change({ selected: 5, picked: 2 });
  addZone(model, 0, 'first');
  assert.deepEqual([model.shown, model.selected, model.picked], [0, 5, 2], 'the same one');
  addZone(model, 0, 'another in its place');
  assert.deepEqual([model.shown, model.selected, model.picked], [0, undefined, undefined]);
  model.change({ selected: 5, picked: 2 });
  model.show(1);
  assert.deepEqual([model.shown, model.selected, model.picked], [1, undefined, undefined]);
});
