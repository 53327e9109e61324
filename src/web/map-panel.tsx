/**
 * The map, and what a pointer or the keyboard does on it.
 *
 * Keys: arrows go from page to page, Page up and Page down from block to block, + and − enlarge and
 * reduce, 0 shows all. Control and the wheel, or two buttons, enlarge where the pointer is;
 * dragging moves. What is pointed at is told beside the pointer, what is chosen beside the map.
 */
import type { CanvasHTMLAttributes, JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BLOCK_COLUMNS, BLOCK_PAGES, type Point } from './geometry.ts';
import { MapView } from './map-view.ts';
import type { Model } from './model.ts';
import { count, hex, percent } from './text.ts';
import { useStillness, useTheme } from './theme.ts';
import type { ZoneState } from './zone-state.ts';

/** A pointer that moves less has clicked. */
const DRAG_PIXELS = 4;

const steps: Record<string, number> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -BLOCK_COLUMNS,
  ArrowDown: BLOCK_COLUMNS,
  PageUp: -BLOCK_PAGES,
  PageDown: BLOCK_PAGES,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

export function MapPanel({ model, zone }: { model: Model; zone: ZoneState }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<(Point & { pfn: number }) | undefined>();
  const [, setMoves] = useState(0);
  const view = useMapView(canvas, zone, () => setMoves((n) => n + 1));
  useEffect(() => view.current?.pick(model.picked), [model.picked, view.current]);
  const choose = (pfn: number) => {
    model.change({ selected: pfn });
    view.current?.reveal(pfn);
  };
  const handlers = usePointer(view, setHover, choose);
  const onKeyDown = (event: KeyboardEvent) => pressKey(event, model, view.current, choose);
  return (
    <section class="panel map-panel" aria-label="Map of pages">
      <Tools view={view} zone={zone} />
      <div class="map">
        <canvas
          ref={canvas}
          role="img"
          tabIndex={0}
          aria-label={summary(zone)}
          aria-describedby="map-help"
          onKeyDown={onKeyDown}
          {...handlers}
        />
        <Box view={view.current} pfn={model.selected} kind="selected" />
        <Box view={view.current} pfn={hover?.pfn} kind="hovered" />
        {hover && <Tip at={hover} zone={zone} />}
      </div>
      <p class="help dim" id="map-help">
        Each cell is a page of 4 KiB, each block 2 MiB; what has just changed glows. Click or use
        the arrow keys to ask a page; + and − enlarge and reduce, 0 shows all, dragging moves.
      </p>
    </section>
  );
}

function pressKey(
  event: KeyboardEvent,
  model: Model,
  view: MapView | undefined,
  choose: (pfn: number) => void,
): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = steps[event.key];
  if (step !== undefined) {
    const last = (model.zone?.info.pages ?? 1) - 1;
    const from = model.selected ?? (step > 0 ? -1 : 0);
    choose(Math.min(last, Math.max(0, from + step)));
  } else if (event.key === '+' || event.key === '=') view?.zoom(1.5);
  else if (event.key === '-') view?.zoom(1 / 1.5);
  else if (event.key === '0') view?.fitAll();
  else if (event.key === 'Escape') model.change({ selected: undefined });
  else return;
  event.preventDefault();
}

type View = { current: MapView | undefined };

function useMapView(
  canvas: { current: HTMLCanvasElement | null },
  zone: ZoneState,
  onMove: () => void,
): View {
  const view = useMemo<View>(() => ({ current: undefined }), []);
  const theme = useTheme();
  const isStill = useStillness();
  useLayoutEffect(() => {
    const map = new MapView(canvas.current!, theme);
    view.current = map;
    map.onMove = onMove;
    map.setStill(isStill);
    map.show(zone);
    zone.listener = {
      onMap: () => map.repaint(),
      onChange: (first, pages) => map.touch(first, pages),
      onLook: () => map.step(),
    };
    const observer = new ResizeObserver(() => map.resize());
    observer.observe(canvas.current!);
    return () => {
      observer.disconnect();
      zone.listener = undefined;
      map.destroy();
    };
  }, [zone, view]);
  useEffect(() => view.current?.setTheme(theme), [theme, view]);
  useEffect(() => view.current?.setStill(isStill), [isStill, view]);
  return view;
}

/** What a pressed pointer does. */
function useDrag(view: View) {
  const drag = useRef<{ last: Point; moved: number } | undefined>(undefined);
  return {
    begin(point: Point): void {
      drag.current = { last: point, moved: 0 };
    },
    move(point: Point): void {
      const dragged = drag.current;
      if (dragged === undefined) return;
      const [dx, dy] = [point.x - dragged.last.x, point.y - dragged.last.y];
      dragged.moved += Math.abs(dx) + Math.abs(dy);
      if (dragged.moved > DRAG_PIXELS) view.current?.pan(dx, dy);
      dragged.last = point;
    },
    /** @returns whether it was a click: it began here, and nothing was dragged */
    end(): boolean {
      const moved = drag.current?.moved ?? Number.POSITIVE_INFINITY;
      drag.current = undefined;
      return moved <= DRAG_PIXELS;
    },
  };
}

function usePointer(
  view: View,
  setHover: (hover: (Point & { pfn: number }) | undefined) => void,
  choose: (pfn: number) => void,
): CanvasHTMLAttributes<HTMLCanvasElement> {
  const drag = useDrag(view);
  const pointOf = (event: MouseEvent): Point => ({ x: event.offsetX, y: event.offsetY });
  return {
    onPointerDown: (event: PointerEvent) => {
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      drag.begin(pointOf(event));
    },
    onPointerMove: (event: PointerEvent) => {
      const point = pointOf(event);
      drag.move(point);
      const pfn = view.current?.pfnAt(point);
      setHover(pfn === undefined ? undefined : { ...point, pfn });
    },
    onPointerUp: (event: PointerEvent) => {
      const pfn = view.current?.pfnAt(pointOf(event));
      if (drag.end() && pfn !== undefined) choose(pfn);
    },
    onPointerCancel: drag.end,
    onPointerLeave: () => setHover(undefined),
    onWheel: (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      view.current?.zoom(event.deltaY < 0 ? 1.25 : 0.8, pointOf(event));
    },
  } as CanvasHTMLAttributes<HTMLCanvasElement>;
}

function Tools({ view, zone }: { view: View; zone: ZoneState }): JSX.Element {
  const map = view.current;
  const button = (name: string, text: string, isEnabled: boolean, act: () => void) => (
    <button type="button" aria-label={name} title={name} disabled={!isEnabled} onClick={act}>
      {text}
    </button>
  );
  return (
    <div class="tools">
      <h2>{count(zone.info.pages)} pages</h2>
      {button('Reduce', '−', map?.canReduce ?? false, () => map?.zoom(1 / 1.5))}
      {button('Enlarge', '+', map?.canEnlarge ?? false, () => map?.zoom(1.5))}
      {button('Show all', 'All', map?.canReduce ?? false, () => map?.fitAll())}
    </div>
  );
}

/** A frame around a page. */
function Box(props: { view: MapView | undefined; pfn: number | undefined; kind: string }) {
  if (!props.view || props.pfn === undefined) return null;
  const { x, y, size } = props.view.boxOf(props.pfn);
  const style = { transform: `translate(${x}px, ${y}px)`, width: `${size}px`, height: `${size}px` };
  return <div class={`box ${props.kind}`} style={style} />;
}

function Tip({ at, zone }: { at: Point & { pfn: number }; zone: ZoneState }): JSX.Element {
  const code = zone.codes[at.pfn]!;
  const style = { transform: `translate(${at.x}px, ${at.y}px)` };
  return (
    <div class="tip" style={style} aria-hidden="true">
      <b>{zone.info.names[code] ?? 'unknown'}</b>
      <br />
      page {count(at.pfn)} · {hex(at.pfn * zone.info.pageBytes)}
    </div>
  );
}

/** What the map shows, in a sentence. */
function summary({ info, counts }: ZoneState): string {
  const shares = [...counts.entries()]
    .filter(([, pages]) => pages > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([code, pages]) => `${percent(pages / info.pages)} ${info.names[code] ?? 'unknown'}`);
  return `Map of ${count(info.pages)} pages: ${shares.join(', ')}`;
}
