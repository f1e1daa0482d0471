import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useAct } from "./act.ts";
import { Button } from "./button.tsx";
import { Form, FormProblem, TextField } from "./form.tsx";
import { asks, giveUp, type Typed, Within } from "./unsaved.ts";

/**
 * The browser's own modal dialog: it keeps the focus, gives it back, and closes with Escape. One that is `keyed` is acted on
 * with letters, which belong to no field until somebody goes to one.
 */
export function Dialog({
  title,
  side = false,
  keyed = false,
  onClose,
  children,
}: {
  title: string;
  side?: boolean;
  keyed?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const { within, leave, ask } = useLeaving(onClose);
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // What is to be filled in comes before the way out.
      const first = keyed
        ? null
        : dialog.querySelector<HTMLElement>("form :is(input, select, textarea), input");
      (first ?? dialog.querySelector<HTMLElement>("h2"))?.focus();
    }
    return () => {
      dialog?.close();
      // What opened it goes on where it was; the row may have been drawn anew meanwhile.
      if (before?.isConnected) before.focus();
    };
  }, [keyed]);
  return (
    <dialog
      ref={box}
      className={side ? "side" : "box"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <div className="stack">
        <div className="spread head">
          <h2 id={id} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h2>
          <Button look="plain" onClick={leave} aria-label="Close">
            ✕
          </Button>
        </div>
        <Within value={within}>{children}</Within>
      </div>
      {ask}
    </dialog>
  );
}

/** Whether to go, with what was typed being lost. */
export function LoseIt({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  return (
    <Dialog title="What you typed is not kept yet" onClose={onStay}>
      <p>It is lost when you go on.</p>
      <div className="row">
        <Button look="main" onClick={onStay}>
          Stay here
        </Button>
        <Button look="danger" onClick={onLeave}>
          Lose it
        </Button>
      </div>
    </Dialog>
  );
}

/** How a dialog is left by: at once, or after asking for what was typed in it. */
function useLeaving(leave: () => void) {
  const within = useRef(new Set<Typed>()).current;
  const [asking, setAsking] = useState(false);
  return {
    within,
    leave: () => {
      if (asks(within)) setAsking(true);
      else leave();
    },
    ask: asking && (
      <LoseIt
        onStay={() => setAsking(false)}
        onLeave={() => {
          giveUp(within);
          setAsking(false);
          leave();
        }}
      />
    ),
  };
}

/** Asks before something that cannot simply be undone; where it never can, asks for the name. */
export function Confirm({
  title,
  children,
  label,
  look = "danger",
  otherwise = "Keep it",
  name,
  refused,
  closes = true,
  act,
  onClose,
}: {
  title: string;
  children: ReactNode;
  label: string;
  /** What stops nothing and takes nothing away is no danger. */
  look?: "danger" | "main";
  /** What the way out is called. */
  otherwise?: string;
  name?: string;
  /** Why it cannot be done as it stands. */
  refused?: string | undefined;
  /** Whether it is over then; else what was done shows something in its place. */
  closes?: boolean;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  const { act: once, busy, error } = useAct({ leaves: true });
  const off = name !== undefined && typed !== name ? `Type ${name} first.` : refused;
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        // A name that is typed once more is nothing to lose.
        unsaved={name === undefined ? undefined : false}
        onSubmit={async () => {
          if (off) return false;
          return once(async () => {
            await act();
            if (closes) onClose();
          });
        }}
      >
        <FormProblem error={error} />
        <div className="stack-small">{children}</div>
        {name !== undefined && (
          <TextField
            label={`Type “${name}” to go on`}
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        <div className="row">
          <Button type="submit" look={look} refused={off} busy={busy}>
            {label}
          </Button>
          <Button look="plain" onClick={onClose}>
            {otherwise}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
