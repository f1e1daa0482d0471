import { useSyncExternalStore } from "react";

/** Something of the whole page that is no state of one part of it: `tell` says that it changed, `useTold` reads it as it changes. */
export function teller() {
  const listeners = new Set<() => void>();
  const listen = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    tell: (): void => {
      for (const listener of listeners) listener();
    },
    useTold: <T>(look: () => T): T => useSyncExternalStore(listen, look),
  };
}
