/** Recordings: every look shows exactly what had been seen by then, forwards and backwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGES, FIGURES, type Frame, MAP, ZONE } from '../inspect/wire.ts';
import { Replay } from './replay.ts';

/** What was applied since the last rewind, as `kind zone number`. */
class Stage {
  seen: string[] = [];
  applyToZone({ kind, zone, body }: Frame): void {
    this.seen.push(`${kind} ${zone} ${body[0]}`);
  }
  rewind(): void {
    this.seen = [];
  }
}

const frame = (kind: number, zone: number, n: number): Frame => ({
  ...{ kind, zone },
  body: Uint8Array.of(n),
});

/** Two zones come, then three looks; the second zone has changes in one of them only. */
const frames = [
  ...[frame(ZONE, 0, 0), frame(MAP, 0, 0), frame(FIGURES, 0, 0)],
  ...[frame(ZONE, 1, 0), frame(MAP, 1, 0), frame(FIGURES, 1, 0)],
  ...[frame(CHANGES, 0, 1), frame(FIGURES, 0, 1), frame(FIGURES, 1, 1)],
  ...[frame(FIGURES, 0, 2), frame(CHANGES, 1, 2), frame(FIGURES, 1, 2)],
  ...[frame(CHANGES, 0, 3), frame(FIGURES, 0, 3), frame(FIGURES, 1, 3)],
];
/** Frames up to and with each look. */
const ends = [6, 9, 12, 15];

test('each look can be sought from each other', () => {
  const text = frames.map(({ kind, zone, body }) => `${kind} ${zone} ${body[0]}`);
  for (const from of ends.keys()) {
    for (const to of ends.keys()) {
      const stage = new Stage();
      const replay = new Replay(stage);
      for (const one of frames) replay.keep(one);
      assert.equal(replay.looks, ends.length);
      replay.seek(from);
      replay.seek(to);
      assert.equal(replay.look, to);
      assert.deepEqual(stage.seen, text.slice(0, ends[to]));
    }
  }
});

test('frames are kept as they were, and looks beyond the ends are the ends', () => {
  const stage = new Stage();
  const replay = new Replay(stage);
  const body = Uint8Array.of(7);
  replay.keep({ kind: FIGURES, zone: 0, body });
  body[0] = 8;
  replay.seek(99);
  assert.deepEqual([stage.seen, replay.look], [[`${FIGURES} 0 7`], 0]);
  replay.seek(-1);
  assert.equal(replay.look, 0);
});
