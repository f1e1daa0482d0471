import { useState } from "react";

/**
 * One piece of work at a time, whether it went well, and what went wrong with the last. Where work that goes well `leaves` the page, it stays busy
 * until then, so that nothing is done twice.
 */
export function useAct({ leaves = false } = {}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const act = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setError(undefined);
    try {
      await work();
      if (!leaves) setBusy(false);
      return true;
    } catch (caught) {
      setError(caught);
      setBusy(false);
      return false;
    }
  };
  return { act, busy, error };
}
