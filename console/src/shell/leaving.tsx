import { useBlocker } from "@tanstack/react-router";
import { LoseIt } from "../parts/dialog.tsx";
import { asksToLeave, giveUp, useAnyUnsaved } from "../parts/unsaved.ts";

/** Asks before another page takes the place of what was typed. The browser itself asks where the page is closed. */
export function AskBeforeLeaving() {
  const any = useAnyUnsaved();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: asksToLeave,
    enableBeforeUnload: asksToLeave,
    disabled: !any,
    withResolver: true,
  });
  if (status !== "blocked") return null;
  return (
    <LoseIt
      onStay={reset}
      onLeave={() => {
        giveUp();
        proceed();
      }}
    />
  );
}
