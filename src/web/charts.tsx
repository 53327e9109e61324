/**
 * The last minutes: small charts that share their time, and their figures as tables.
 */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { dark, type Theme } from './palette.ts';
import { clock } from './text.ts';
import { useTheme } from './theme.ts';
import * as column from './zone-state.ts';
import { GROUPS, groups, type ZoneState } from './zone-state.ts';

interface Line {
  name: string;
  column: number;
  /** Code of the use whose colour it has; else the charts' own colours, in their order. */
  code?: number;
}

interface ChartSpec {
  title: string;
  unit: string;
  lines: Line[];
  isStacked?: boolean;
  /** Where the scale ends, if not with the data. */
  top?: number;
}

const specs: ChartSpec[] = [
  {
    title: 'Memory by use',
    unit: 'MiB',
    isStacked: true,
    lines: groups.map(({ name, codes }, i) => ({ name, column: GROUPS + i, code: codes[0]! })),
  },
  { title: 'Hit ratio', unit: '%', top: 100, lines: [{ name: 'hits', column: column.HIT_RATIO }] },
  {
    title: 'Operations a second',
    unit: '',
    lines: [
      { name: 'reads', column: column.READS },
      { name: 'writes', column: column.WRITES },
      { name: 'deletes', column: column.DELETES },
    ],
  },
  {
    title: 'Entries lost a second',
    unit: '',
    lines: [
      { name: 'evicted', column: column.EVICTIONS },
      { name: 'expired', column: column.EXPIRATIONS },
      { name: 'refused', column: column.REFUSALS },
    ],
  },
  { title: 'Entries', unit: '', lines: [{ name: 'entries', column: column.ENTRIES }] },
  {
    title: 'Waiting for a grace period',
    unit: '',
    lines: [{ name: 'objects', column: column.LIMBO }],
  },
  {
    title: 'Free, but in no 2 MiB block',
    unit: '%',
    top: 100,
    lines: [{ name: 'unusable', column: column.UNUSABLE }],
  },
  { title: 'Process', unit: 'MiB', lines: [{ name: 'resident', column: column.RSS }] },
];

const HEIGHT = 150;
/** Rows of a chart's table. */
const TABLE_ROWS = 10;

export function Charts({ zone }: { zone: ZoneState }): JSX.Element {
  return (
    <div class="charts">
      {specs.map((spec) => (
        <figure key={spec.title}>
          <figcaption>
            {spec.title} {spec.unit && <span class="dim">{spec.unit}</span>}
          </figcaption>
          <Chart spec={spec} zone={zone} />
          <FiguresTable spec={spec} zone={zone} />
        </figure>
      ))}
    </div>
  );
}

function Chart({ spec, zone }: { spec: ChartSpec; zone: ZoneState }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const theme = useTheme();
  useEffect(() => {
    const box = element.current!;
    const chart = new uPlot(optionsOf(spec, theme, zone, box.clientWidth), dataOf(spec, zone), box);
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: box.clientWidth, height: HEIGHT });
    });
    observer.observe(box);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [spec, theme, zone]);
  const { length } = zone.history;
  const [times] = zone.history.columns(column.TIME);
  const newest = times?.at(-1);
  useEffect(() => plot.current?.setData(dataOf(spec, zone)), [length, newest, spec, zone]);
  return <div class="chart" ref={element} role="img" aria-label={labelOf(spec, zone)} />;
}

/** Times, and a column for each line; stacked ones are sums of those below, the largest first. */
function dataOf({ lines, isStacked }: ChartSpec, { history }: ZoneState): uPlot.AlignedData {
  const [times, ...columns] = history.columns(column.TIME, ...lines.map((line) => line.column));
  if (!isStacked) return [times!, ...columns];
  const sums: Float64Array[] = [];
  for (const one of columns) {
    const below = sums.at(-1);
    sums.push(one.map((value, i) => value + (below?.[i] ?? 0)));
  }
  return [times!, ...sums.reverse()];
}

function optionsOf(spec: ChartSpec, theme: Theme, zone: ZoneState, width: number): uPlot.Options {
  const isDark = theme === dark;
  const ink = isDark ? '#a9b0ba' : '#57606a';
  const grid = { stroke: isDark ? '#262b33' : '#e8e8e8', width: 1 };
  const own = isDark ? ['#7f9ff5', '#e29430', '#9de3b6'] : ['#4a58c6', '#b56a00', '#0f7f81'];
  const dashes = [[], [6, 3], [2, 3]];
  const lines = spec.isStacked ? spec.lines.toReversed() : spec.lines;
  const axis = { stroke: ink, grid, ticks: { show: false }, font: '11px system-ui', size: 44 };
  const times = (_: uPlot, splits: number[]) => splits.map((time) => clock(time * 1000));
  return {
    ...{ width, height: HEIGHT, legend: { show: true, live: true } },
    cursor: { y: false, points: { size: 5 }, sync: { key: 'time' } },
    scales: { y: { range: (_, __, max) => [0, spec.top ?? Math.max(1, (max ?? 0) * 1.08)] } },
    axes: [{ ...axis, size: 24, space: 80, values: times }, axis],
    series: [
      {},
      ...lines.map((line, i) => {
        const colour = line.code === undefined ? own[i]! : theme.colours[line.code]!;
        return {
          label: line.name,
          stroke: colour,
          width: 1.75,
          dash: spec.isStacked ? [] : dashes[i]!,
          points: { show: false },
          ...(spec.isStacked ? { fill: colour } : {}),
          // Its own, also where it is drawn on top of others; the newest where nobody points.
          value: (_: uPlot, __: number, ___: number, at: number | null) => {
            const values = zone.history.columns(line.column)[0]!;
            return figure(values[at ?? values.length - 1] ?? Number.NaN);
          },
        };
      }),
    ],
  };
}

function figure(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : '–';
}

function labelOf({ title, unit, lines }: ChartSpec, { history }: ZoneState): string {
  const last = lines.map((line) => {
    const value = history.columns(line.column)[0]?.at(-1) ?? Number.NaN;
    return `${line.name} ${figure(value)} ${unit}`;
  });
  return `${title}: ${last.join(', ')}`;
}

/** The same figures to read. */
function FiguresTable({ spec, zone }: { spec: ChartSpec; zone: ZoneState }): JSX.Element {
  const [times, ...columns] = zone.history.columns(
    column.TIME,
    ...spec.lines.map((line) => line.column),
  );
  const from = Math.max(0, times!.length - TABLE_ROWS);
  const rows = Array.from({ length: times!.length - from }, (_, i) => times!.length - 1 - i);
  return (
    <details>
      <summary>Figures</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {spec.lines.map(({ name }) => (
              <th key={name} scope="col">
                {name} {spec.unit}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <th scope="row">{clock(times![row]! * 1000)}</th>
              {columns.map((values, i) => (
                <td key={spec.lines[i]!.name}>{figure(values[row]!)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
