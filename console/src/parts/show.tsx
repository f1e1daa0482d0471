import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The middle of an id is left out; the whole of it is on hover and in the clipboard. */
export function shortened(id: string): string {
  return id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id;
}

/** An id: click copies it. */
export function Id({ of }: { of: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      className="id"
      title={of}
      aria-label={`Copy ${of}`}
      onClick={async (event) => {
        event.stopPropagation();
        setDone(await copied(of));
        setTimeout(() => setDone(false), 1500);
      }}
    >
      {done ? "copied" : shortened(of)}
    </button>
  );
}

/** Copies a text. */
export function Copy({ text, children = "Copy" }: { text: string; children?: ReactNode }) {
  const [said, setSaid] = useState<string>();
  return (
    <Button
      onClick={async () => {
        setSaid((await copied(text)) ? "Copied" : "Copying failed");
        setTimeout(() => setSaid(undefined), 1500);
      }}
    >
      <span aria-live="polite">{said ?? children}</span>
    </Button>
  );
}

/** Text to copy. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={label}>
        <pre>{text}</pre>
      </section>
      <Copy text={text} />
    </div>
  );
}

export type Meaning = "allowed" | "refused" | "waiting" | "plain";

const SIGNS: Record<Meaning, string> = { allowed: "✓", refused: "✕", waiting: "◷", plain: "" };

/** A state, by colour, sign and word. */
export function Badge({ meaning = "plain", children }: { meaning?: Meaning; children: ReactNode }) {
  return (
    <span className={`badge ${meaning}`}>
      {SIGNS[meaning] && <span aria-hidden="true">{SIGNS[meaning]}</span>}
      {children}
    </span>
  );
}

const MEANINGS: Record<string, Meaning> = {
  allow: "allowed",
  approved: "allowed",
  active: "allowed",
  deny: "refused",
  rejected: "refused",
  revoked: "refused",
  terminated: "refused",
  pending: "waiting",
  partial: "waiting",
  suspended: "waiting",
  withdrawn: "refused",
};
const WORDS: Record<string, string> = { allow: "allowed", deny: "refused", pending: "waiting" };

/** A decision or a state as the services call it. */
export function State({ of }: { of: string }) {
  return <Badge meaning={MEANINGS[of] ?? "plain"}>{WORDS[of] ?? of.replaceAll("_", " ")}</Badge>;
}

/** Names and values. */
export function Facts({ rows }: { rows: ReadonlyArray<readonly [name: string, value: ReactNode]> }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Everything of an object, at the end of its page. */
export function Raw({ value }: { value: unknown }) {
  return (
    <details>
      <summary className="quiet">Raw JSON</summary>
      <Code text={JSON.stringify(value, null, 2)} label="Raw JSON" />
    </details>
  );
}
