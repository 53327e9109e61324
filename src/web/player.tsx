/**
 * Playing a recording: a slider over its looks, one a second.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Model } from './model.ts';
import type { Replay } from './replay.ts';
import { clock } from './text.ts';

/** Looks are a second apart; they are shown four times as fast. */
const STEP_MS = 250;

export function Player({ model, replay }: { model: Model; replay: Replay }): JSX.Element {
  const [isPlaying, setPlaying] = useState(false);
  const seek = (look: number) => {
    replay.seek(look);
    model.change({});
  };
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => {
      if (replay.look >= replay.looks - 1) setPlaying(false);
      else seek(replay.look + 1);
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [isPlaying]);
  const toggle = () => {
    if (!isPlaying && replay.look >= replay.looks - 1) seek(0);
    setPlaying(!isPlaying);
  };
  const time = model.zone?.figures?.time;
  return (
    <div class="player panel">
      <button type="button" onClick={toggle}>
        {isPlaying ? 'Stop' : 'Play'}
      </button>
      <input
        type="range"
        aria-label="Moment of the recording"
        min={0}
        max={Math.max(0, replay.looks - 1)}
        value={replay.look}
        aria-valuetext={time === undefined ? '' : clock(time)}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
      <output>
        {time === undefined ? '' : clock(time)} · look {replay.look + 1} of {replay.looks}
      </output>
    </div>
  );
}
