/**
 * The legend: each use with its colour, pages, MiB and share. Also the map's table: a row that is
 * pointed at, or pressed, lights up its pages and dims the others, so that nobody depends on
 * colours.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Model } from './model.ts';
import { count, mebibytes, percent } from './text.ts';
import { useTheme } from './theme.ts';
import type { ZoneState } from './zone-state.ts';

const columns = ['Use', 'Pages', 'MiB', 'Share'];

export function Legend({ model, zone }: { model: Model; zone: ZoneState }): JSX.Element {
  /** The use that stays picked out when the pointer has left. */
  const [kept, keep] = useState<number | undefined>();
  const press = (code: number) => {
    const next = kept === code ? undefined : code;
    keep(next);
    model.change({ picked: next });
  };
  return (
    <section class="panel">
      <table class="legend">
        <caption>What pages are used for</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...zone.counts.keys()].filter(isShown(zone)).map((code) => (
            <tr
              key={code}
              class={model.picked === code ? 'picked' : ''}
              onMouseEnter={() => model.change({ picked: code })}
              onMouseLeave={() => model.change({ picked: kept })}
            >
              <Row zone={zone} code={code} isKept={kept === code} press={press} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Uses that have pages; free pages also where there are none. */
function isShown({ counts }: ZoneState): (code: number) => boolean {
  return (code) => code === 0 || counts[code]! > 0;
}

interface RowProps {
  zone: ZoneState;
  code: number;
  isKept: boolean;
  press: (code: number) => void;
}

function Row({ zone: { info, counts }, code, isKept, press }: RowProps): JSX.Element {
  const background = useTheme().colours[code]!;
  const pages = counts[code]!;
  return (
    <>
      <th scope="row">
        <button type="button" aria-pressed={isKept} onClick={() => press(code)}>
          <span class="swatch" style={{ background }} />
          {info.names[code] ?? 'unknown'}
        </button>
      </th>
      <td>{count(pages)}</td>
      <td>{mebibytes(pages * info.pageBytes)}</td>
      <td>{percent(pages / info.pages)}</td>
    </>
  );
}
