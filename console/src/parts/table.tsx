import { type ReactNode, type Ref, useEffect, useRef } from "react";

/** What stands above a column; in brackets it is for screen readers alone. */
export type Head =
  | string
  | { readonly text: string; readonly className: string | undefined; readonly before?: ReactNode };

function HeadCell({ of }: { of: Head }) {
  const { text, className, before } =
    typeof of === "string" ? { text: of, className: undefined, before: undefined } : of;
  return (
    <th scope="col" className={className}>
      {before}
      {text.startsWith("(") ? <span className="hidden-visually">{text.slice(1, -1)}</span> : text}
    </th>
  );
}

const textOf = (head: Head): string => (typeof head === "string" ? head : head.text);

/** The frame of every table: it scrolls by itself where the page is too narrow, and says what stands in each column. */
export function Table({
  heads,
  caption,
  headless = false,
  stacked = false,
  live = false,
  ref,
  children,
}: {
  heads: readonly Head[];
  /** What the table is, for screen readers, where nothing before it says so. */
  caption?: string;
  /** The heads are for screen readers alone. */
  headless?: boolean;
  /** Where the page is narrow a row is a few lines instead of columns past its edge; cells may say their head as `data-head`. */
  stacked?: boolean;
  /** What changes is read out. */
  live?: boolean;
  ref?: Ref<HTMLTableElement>;
  /** Its rows. */
  children: ReactNode;
}) {
  const frame = useRef<HTMLDivElement>(null);
  // What scrolls can be scrolled by keyboard, and what does not is no stop on the way.
  useEffect(() => {
    const box = frame.current;
    if (box && box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box?.removeAttribute("tabindex");
  });
  return (
    <div ref={frame} className="table-scroll" aria-live={live ? "polite" : undefined}>
      <table ref={ref} className={stacked ? "table stacked" : "table"}>
        {caption && <caption className="hidden-visually">{caption}</caption>}
        <thead className={headless ? "hidden-visually" : undefined}>
          <tr>
            {heads.map((head) => (
              <HeadCell key={textOf(head)} of={head} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
