import { keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Listing } from "../api/pages.ts";
import { type Bulk, Chosen, Pick } from "./bulk.tsx";
import { Button } from "./button.tsx";
import { keepAsFile, sheetOf } from "./csv.ts";
import { Failed, Skeleton } from "./page.tsx";
import { PolledPulse } from "./pulse.tsx";
import { useSettled } from "./settled.ts";
import { Table } from "./table.tsx";

/** A column; a head in brackets is for screen readers alone. */
export type Column<Row> = { head: string; cell: (row: Row) => ReactNode; right?: boolean };

/** What is in the address besides the path, and how to change it: every state of a page can be linked to. */
export function useAddress(): [Record<string, string>, (change: Record<string, string | undefined>) => void] {
  const search = useSearch({ strict: false }) as Record<string, string>;
  const navigate = useNavigate();
  return [
    search,
    (change) => {
      const next = Object.fromEntries(
        Object.entries({ ...search, ...change }).filter((pair): pair is [string, string] => Boolean(pair[1])),
      );
      void navigate({ to: ".", search: next as never, replace: true });
    },
  ];
}

const NONE: ReadonlySet<string> = new Set();

/**
 * A list: pages come from the server, what is typed finds among those that are there, or among all where the server finds it, a
 * row opens at its side and is in the address. Keys: `j` and `k` move, Enter opens, `x` chooses, `/` finds.
 */
export function List<Row>({
  name,
  queryKey,
  load,
  searched = false,
  every,
  keyOf,
  textOf,
  columns,
  tools,
  empty,
  panel,
  bulk,
  file = true,
}: {
  name: string;
  queryKey: QueryKey;
  load: (cursor: string | undefined, typed: string) => Promise<Listing<Row>>;
  /** Whether the server finds what is typed, among all there is. */
  searched?: boolean;
  every?: number;
  keyOf: (row: Row) => string;
  textOf: (row: Row) => string;
  columns: ReadonlyArray<Column<Row>>;
  tools?: ReactNode;
  empty: ReactNode;
  panel?: (row: Row, close: () => void) => ReactNode;
  /** What can be done with several of them at once. */
  bulk?: Bulk<Row>;
  /** Whether what is shown can be had as a file; where the service gives one, it cannot. */
  file?: boolean;
}) {
  const [address, setAddress] = useAddress();
  const [at, setAt] = useState(-1);
  const [picked, setPicked] = useState<ReadonlySet<string>>(NONE);
  const find = useRef<HTMLInputElement>(null);
  const table = useRef<HTMLTableElement>(null);
  const typed = address["find"] ?? "";
  const asked = useSettled(searched ? typed.trim() : "", 250);
  const query = useInfiniteQuery({
    queryKey: searched ? [...queryKey, asked] : queryKey,
    queryFn: ({ pageParam }) => load(pageParam, asked),
    // What was found before stays until the next is there, and with it the field that is typed in.
    ...(searched ? { placeholderData: keepPreviousData } : {}),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    ...(every ? { refetchInterval: every } : {}),
  });
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const found =
    searched || typed === ""
      ? rows
      : rows.filter((row) => textOf(row).toLowerCase().includes(typed.toLowerCase()));
  // What is chosen is what is seen: a row that is not shown any more is not acted upon.
  const pickable = bulk ? found.filter((row) => bulk.may?.(row) ?? true) : [];
  const chosen = pickable.filter((row) => picked.has(keyOf(row)));
  const pick = (key: string, wanted: boolean) =>
    setPicked((before) => {
      const next = new Set(before);
      if (wanted) next.add(key);
      else next.delete(key);
      return next;
    });
  const opened = address["open"] ? rows.find((row) => keyOf(row) === address["open"]) : undefined;

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const inField =
        (event.target as HTMLElement).closest("input:not([type=checkbox]), textarea, select, dialog") !==
        null;
      if (inField || event.metaKey || event.ctrlKey || event.altKey) return;
      const move = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      if (event.key === "/") {
        event.preventDefault();
        find.current?.focus();
      } else if (move !== 0) {
        const links = [...(table.current?.querySelectorAll<HTMLElement>("tbody tr .cover") ?? [])];
        // From the row that has the focus; where none has it, back to the one that had it last.
        const here = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
        const wanted = here === -1 ? at : here + move;
        const next = Math.max(0, Math.min(links.length - 1, wanted));
        links[next]?.focus();
        setAt(next);
      } else if (event.key === "x") {
        (event.target as HTMLElement).closest("tr")?.querySelector<HTMLInputElement>(".pick")?.click();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [at]);

  if (query.isPending) return <Skeleton />;
  if (query.isError && rows.length === 0)
    return <Failed error={query.error} again={() => void query.refetch()} />;
  const close = () => setAddress({ open: undefined });
  return (
    <div className="stack">
      {(rows.length > 0 || tools || every || typed !== "") && (
        <div className="row">
          <input
            ref={find}
            type="search"
            className="input find"
            aria-label={`Find ${name}`}
            placeholder={`Find ${name}`}
            defaultValue={address["find"] ?? ""}
            onChange={(event) => setAddress({ find: event.target.value })}
          />
          {tools}
          {every && <PolledPulse of={query} every={every} />}
        </div>
      )}
      {bulk && (
        <Chosen
          bulk={bulk}
          rows={chosen}
          onNone={() => setPicked(NONE)}
          onDone={(row) => pick(keyOf(row), false)}
        />
      )}
      {rows.length === 0 && asked === "" ? (
        empty
      ) : found.length === 0 ? (
        <p className="quiet">
          Nothing here is called that.{" "}
          {query.hasNextPage && "Not all of them are loaded yet: load more, and they are looked through too."}
        </p>
      ) : (
        <Table
          ref={table}
          stacked
          heads={columns.map(({ head, right }, index) => ({
            text: head,
            className: right ? "right" : undefined,
            before: index === 0 && pickable.length > 0 && (
              <Pick
                label={`Choose all ${pickable.length}`}
                checked={chosen.length === pickable.length}
                onChange={(wanted) => setPicked(wanted ? new Set(pickable.map(keyOf)) : NONE)}
              />
            ),
          }))}
        >
          {found.map((row) => {
            const key = keyOf(row);
            return (
              <tr key={key} className={key === address["open"] ? "chosen" : undefined}>
                {columns.map(({ head, cell, right }, index) => (
                  <td
                    key={head}
                    data-head={head.startsWith("(") ? undefined : head}
                    className={right ? "right" : undefined}
                  >
                    {index === 0 &&
                      bulk &&
                      pickable.length > 0 &&
                      (pickable.includes(row) ? (
                        <Pick
                          label={`Choose ${bulk.nameOf(row)}`}
                          checked={picked.has(key)}
                          onChange={(wanted) => pick(key, wanted)}
                        />
                      ) : (
                        // Names stand below each other, whichever can be chosen.
                        <span className="pick" />
                      ))}
                    {index === 0 && panel ? (
                      <button
                        type="button"
                        className="cover linklike"
                        onClick={() => setAddress({ open: key })}
                      >
                        {cell(row)}
                      </button>
                    ) : (
                      cell(row)
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </Table>
      )}
      {(found.length > 0 || query.hasNextPage) && (
        <div className="row">
          {query.hasNextPage && (
            <>
              <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Load more
              </Button>
              <span className="quiet small number">{rows.length.toLocaleString()} loaded</span>
            </>
          )}
          {file && found.length > 1 && (
            <Button
              look="plain"
              className="small"
              onClick={() => table.current && keepAsFile(name, sheetOf(table.current))}
            >
              Export these {found.length.toLocaleString()} as CSV
            </Button>
          )}
        </div>
      )}
      {query.isError && (
        <p role="alert" className="note waiting">
          {query.isFetchNextPageError ? "More could not be loaded: " : "This is what was last loaded: "}
          {query.error.message}
        </p>
      )}
      {panel && opened && panel(opened, close)}
    </div>
  );
}
