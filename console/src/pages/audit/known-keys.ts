/**
 * Keys of the deployment's logs that this browser believes. Whoever serves the console could serve other keys together with
 * forged receipts, so those that were seen first are kept, and any other has to be believed by a person.
 */

const PLACE = "caracal-log-keys";

export type KnownKeys = {
  readonly keys: readonly string[];
  /** When the first of them was seen. */
  readonly since: string;
};

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Those that are kept; undefined where there are none, or what is kept cannot be read. */
export function knownKeys(storage: Kept): KnownKeys | undefined {
  try {
    const kept: unknown = JSON.parse(storage.getItem(PLACE) ?? "null");
    const { keys, since } = (kept ?? {}) as Partial<KnownKeys>;
    const texts = Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === "string");
    return texts && typeof since === "string" ? { keys, since } : undefined;
  } catch {
    return undefined;
  }
}

/** Believes `keys` beside those that are kept already. */
export function believe(storage: Kept, keys: readonly string[], now: Date): KnownKeys {
  const before = knownKeys(storage);
  const known = {
    keys: [...new Set([...(before?.keys ?? []), ...keys])],
    since: before?.since ?? now.toISOString(),
  };
  try {
    storage.setItem(PLACE, JSON.stringify(known));
  } catch {
    // A browser that keeps nothing sees them for the first time whenever it looks.
  }
  return known;
}

/** Forgets all of them. */
export function forgetKeys(storage: Kept): void {
  storage.removeItem(PLACE);
}
