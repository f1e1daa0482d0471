import { keepFile } from "./file.ts";

/** A cell as spreadsheets read it: nothing in it is a formula, whatever somebody called something. */
function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

export type Sheet = {
  readonly heads: readonly string[];
  readonly rows: ReadonlyArray<ReadonlyArray<string | number | null>>;
};

/** A table as lines of values with commas between them (RFC 4180). */
export function csv({ heads, rows }: Sheet): string {
  return [heads, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** What a reader sees of a cell; of a time and of an id the whole, which is shown on hover. */
function seen(node: Node): string {
  if (node instanceof HTMLTimeElement) return node.dateTime;
  if (node instanceof HTMLButtonElement && node.classList.contains("id")) return node.title;
  if (node instanceof HTMLElement && node.ariaHidden === "true") return "";
  if (node.childNodes.length === 0) return node.textContent ?? "";
  return [...node.childNodes].map(seen).join("");
}

/** A table as it is shown, without the columns of what can be done. */
export function sheetOf(table: HTMLTableElement): Sheet {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const kept = heads.flatMap((head, index) => (head.querySelector(".hidden-visually") ? [] : [index]));
  const line = (row: HTMLTableRowElement) =>
    kept.map((index) => {
      const cell = row.cells[index];
      return cell ? seen(cell).replace(/\s+/g, " ").trim() : null;
    });
  return {
    heads: kept.map((index) => heads[index]?.textContent ?? ""),
    rows: [...table.tBodies].flatMap((body) => [...body.rows].map(line)),
  };
}

/** Has the browser keep a table as a file. */
export function keepAsFile(name: string, sheet: Sheet): void {
  keepFile(`${name}.csv`, new Blob([csv(sheet)], { type: "text/csv" }));
}
