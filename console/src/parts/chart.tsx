import { type ReactNode, useId, useState } from "react";
import { Button } from "./button.tsx";
import { keepAsFile, type Sheet } from "./csv.ts";
import { ceiling, compact, path } from "./scale.ts";
import { Table } from "./table.tsx";
import "./chart.css";

/** What is drawn of each slot, with its meaning. */
export type Series = {
  readonly name: string;
  readonly meaning: "allowed" | "refused" | "accent" | "quiet";
  readonly values: ReadonlyArray<number | null>;
};

/**
 * One question and its answer: a figure, the same as a table, and the table as a file. What is drawn is for the eye alone; whoever
 * does not see it, or has no pointer, has the table.
 */
export function Chart({
  title,
  aside,
  sheet,
  rows,
  children,
}: {
  title: string;
  aside?: ReactNode;
  sheet: Sheet;
  /** The rows of the table, where they lead further than their text. */
  rows?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className="chart" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
      <details>
        <summary>As a table</summary>
        <div className="stack-small">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
          <section className="tabled" tabIndex={0} aria-label={`${title} As a table`}>
            <Table
              caption={title}
              heads={sheet.heads.map((text, index) => ({
                text,
                className: index === 0 ? undefined : "right",
              }))}
            >
              {rows ??
                sheet.rows.map((row) => (
                  <tr key={row.join("\u0000")}>
                    {row.map((value, index) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place in the row
                      <td key={index} className={index === 0 ? undefined : "right number"}>
                        {typeof value === "number" ? value.toLocaleString() : (value ?? "none")}
                      </td>
                    ))}
                  </tr>
                ))}
            </Table>
          </section>
          <div className="row">
            <Button onClick={() => keepAsFile(title.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase(), sheet)}>
              Export as CSV
            </Button>
          </div>
        </div>
      </details>
    </section>
  );
}

function Sign({ of, lines }: { of: Series; lines: boolean }) {
  const dashed = of.meaning === "quiet" ? "dashed" : undefined;
  return (
    <svg viewBox="0 0 14 10" className={`series-${of.meaning}`} aria-hidden="true">
      {lines ? <path d="M0 5H14" className={dashed} /> : <rect y="1" width="14" height="8" rx="2" />}
    </svg>
  );
}

/**
 * Columns that stand on each other, or lines, over slots of time. The pointer reads a slot, and leads to what is behind it.
 */
export function OverTime({
  series,
  lines = false,
  least,
  tell = compact,
  slot,
  ticks,
  onPick,
}: {
  series: readonly Series[];
  lines?: boolean;
  /** The least that the scale reaches to. */
  least?: number;
  /** A value in words. */
  tell?: (value: number) => string;
  /** What a slot is called. */
  slot: (index: number) => string;
  /** The begin, the middle and the end of what is shown. */
  ticks: readonly string[];
  onPick?: (index: number) => void;
}) {
  const [at, setAt] = useState<number>();
  const count = Math.max(1, series[0]?.values.length ?? 0);
  const heights = Array.from({ length: count }, (_, index) =>
    lines
      ? Math.max(0, ...series.map((one) => one.values[index] ?? 0))
      : series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0),
  );
  const most = ceiling(Math.max(0, ...heights), least);
  const said = (one: Series) => {
    if (at === undefined) return undefined;
    const value = one.values[at] ?? null;
    return value === null ? "none" : tell(value);
  };
  const under = (event: { clientX: number; currentTarget: Element }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(count - 1, Math.max(0, Math.floor((count * (event.clientX - left)) / width)));
  };
  return (
    <>
      <ul className="legend">
        {series.map((one) => (
          <li key={one.name}>
            <Sign of={one} lines={lines} /> {one.name} <span className="number">{said(one)}</span>
          </li>
        ))}
        {at !== undefined && <li className="number">{slot(at)}</li>}
      </ul>
      {/* The table beside it is for the keyboard and for screen readers. */}
      <div
        className="plot"
        aria-hidden="true"
        style={onPick ? { cursor: "pointer" } : undefined}
        onPointerMove={(event) => setAt(under(event))}
        onPointerLeave={() => setAt(undefined)}
        onClick={(event) => onPick?.(under(event))}
      >
        {[1, 0.5, 0].map((part) => (
          <div key={part} className="line" style={{ top: `${100 * (1 - part)}%` }}>
            <span>{tell(most * part)}</span>
          </div>
        ))}
        {at !== undefined && (
          <div className="at" style={{ left: `${(100 * at) / count}%`, width: `${100 / count}%` }} />
        )}
        <svg viewBox={`0 0 ${count} 100`} preserveAspectRatio="none" aria-hidden="true">
          {lines
            ? series.map((one) => (
                <path
                  key={one.name}
                  d={path(one.values, most)}
                  className={`series-${one.meaning}${one.meaning === "quiet" ? " dashed" : ""}`}
                />
              ))
            : heights.map((_, index) => {
                let below = 0;
                return series.map((one) => {
                  const height = (100 * (one.values[index] ?? 0)) / most;
                  below += height;
                  if (height === 0) return null;
                  return (
                    <rect
                      key={`${one.name}-${slot(index)}`}
                      x={index + 0.12}
                      width={0.76}
                      y={100 - below}
                      // What is there is seen, however little it is beside the rest.
                      height={Math.max(height, 1)}
                      className={`series-${one.meaning}`}
                    />
                  );
                });
              })}
        </svg>
      </div>
      <div className="ticks" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick}>{tick}</span>
        ))}
      </div>
    </>
  );
}

/** One of a few things, with how much of each part it has. */
export type Bar = {
  readonly key: string;
  readonly name: ReactNode;
  readonly parts: ReadonlyArray<{ readonly meaning: "accent" | "refused"; readonly count: number }>;
  readonly figure: ReactNode;
};

/** How much there is of a few things, the most of them first. */
export function Bars({ of }: { of: readonly Bar[] }) {
  const sum = (bar: Bar) => bar.parts.reduce((sum, part) => sum + part.count, 0);
  const most = Math.max(1, ...of.map(sum));
  return (
    <ul className="bars">
      {of.map((bar) => (
        <li key={bar.key}>
          {bar.name}
          <span className="number">{bar.figure}</span>
          <span className="bar" aria-hidden="true">
            {bar.parts
              .filter((part) => part.count > 0)
              .map((part) => (
                <span
                  key={part.meaning}
                  className={`series-${part.meaning}`}
                  style={{ inlineSize: `${(100 * part.count) / most}%` }}
                />
              ))}
          </span>
        </li>
      ))}
    </ul>
  );
}
