import { useSyncExternalStore } from "react";

/** Whose session ended while something was typed that would be lost with the page. */
let ended: string | undefined;
const listeners = new Set<() => void>();

/** Notes whose session ended; undefined once somebody is signed in again. */
export function noteEnded(account: string | undefined): void {
  ended = account;
  for (const listener of listeners) listener();
}

/** Whose session has ended, as far as somebody typed in it. */
export const endedAccount = (): string | undefined => ended;

export function useEnded(): string | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => ended,
  );
}
