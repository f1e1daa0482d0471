/** Filters of a search that somebody gave a name. */
export type Kept = { readonly name: string; readonly query: Readonly<Record<string, string>> };

export const MOST_KEPT = 50;
export const LONGEST_NAME = 60;
const LONGEST_VALUE = 256;

/** They are kept in the browser, for each account that uses it. There is nothing secret in them: what an address says. */
const keyOf = (account: string): string => `caracal.audit-filters.${account}`;

/** What a browser kept, as far as it is readable: somebody may have written there by hand. */
export function parseKept(text: string | null, names: readonly string[]): readonly Kept[] {
  if (text === null) return [];
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return [];
    return list.slice(0, MOST_KEPT).flatMap((one: { name?: unknown; query?: unknown } | null) => {
      const name = one?.name;
      if (typeof name !== "string" || name === "" || name.length > LONGEST_NAME) return [];
      const query = queryOf(one?.query, names);
      return Object.keys(query).length > 0 ? [{ name, query }] : [];
    });
  } catch {
    return [];
  }
}

function queryOf(query: unknown, names: readonly string[]): Record<string, string> {
  if (query === null || typeof query !== "object") return {};
  return Object.fromEntries(
    Object.entries(query).filter(
      (pair): pair is [string, string] =>
        names.includes(pair[0]) &&
        typeof pair[1] === "string" &&
        pair[1] !== "" &&
        pair[1].length <= LONGEST_VALUE,
    ),
  );
}

export function readKept(store: Storage, account: string, names: readonly string[]): readonly Kept[] {
  try {
    return parseKept(store.getItem(keyOf(account)), names);
  } catch {
    return [];
  }
}

/** Keeps them all; false where the browser keeps nothing. */
export function writeKept(store: Storage, account: string, kept: readonly Kept[]): boolean {
  try {
    store.setItem(keyOf(account), JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

/** Those with one more, in the place of one of the same name, in the order of their names. */
export function withOne(kept: readonly Kept[], one: Kept): readonly Kept[] {
  return [...kept.filter(({ name }) => name !== one.name), one].sort((a, b) => a.name.localeCompare(b.name));
}

/** Whether two searches ask for the same. */
export function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
