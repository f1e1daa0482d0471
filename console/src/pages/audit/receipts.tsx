import { useState } from "react";
import { audit, read, type Schema } from "../../api/client.ts";
import { Problem } from "../../api/problem.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { FormProblem } from "../../parts/form.tsx";
import { Badge, Code, Copy, Facts } from "../../parts/show.tsx";
import { ExactTime } from "../../parts/time.tsx";
import { believe, forgetKeys, type KnownKeys, knownKeys } from "./known-keys.ts";
import type { Proof } from "./proof.ts";

export type Proofs = ReadonlyMap<string, Proof>;

const WORDS: Readonly<Record<Proof["kind"], readonly ["allowed" | "refused" | "waiting", string]>> = {
  proved: ["allowed", "proved"],
  stranger: ["waiting", "unknown key"],
  altered: ["refused", "not as shown"],
  wrong: ["refused", "not proved"],
  missing: ["waiting", "no receipt yet"],
};

/** How an event stands to the ledger, in a word. */
export function ProofBadge({ of }: { of: Proof }) {
  const [meaning, word] = WORDS[of.kind];
  return <Badge meaning={meaning}>{word}</Badge>;
}

function sentence(proof: Proof): string {
  switch (proof.kind) {
    case "proved":
      return "It stands in the ledger as it is shown here, and nobody has changed it since it was taken.";
    case "stranger":
      return "Its receipt holds under a key that this browser does not know.";
    case "altered":
      return `The ledger has this event otherwise than it is shown: ${proof.members.join(", ")}.`;
    case "wrong":
      return `Its receipt proves nothing of it. ${proof.why}`;
    case "missing":
      return "The ledger signs what came in within a second. Check again in a moment.";
  }
}

/** What the receipt of an event proves. */
export function ProofFacts({ of }: { of: Proof }) {
  return (
    <section className="stack-small" aria-label="What its receipt proves">
      <p className={of.kind === "altered" || of.kind === "wrong" ? "wrong" : "quiet"}>{sentence(of)}</p>
      {(of.kind === "proved" || of.kind === "stranger") && (
        <Facts
          rows={[
            ["Position", `${of.found.entry.index} of ${of.found.size} entries when it was signed`],
            [
              "Taken at",
              <ExactTime key="at" at={new Date(Number(of.found.entry.takenAt / 1000n)).toISOString()} />,
            ],
            [
              "Log",
              <span key="log" className="mono" style={{ overflowWrap: "anywhere" }}>
                {of.found.origin}
              </span>,
            ],
            ["Witnesses", of.found.witnesses.join(", ") || "none that this browser knows"],
          ]}
        />
      )}
      {of.kind !== "missing" && (
        <div className="row">
          <Copy text={of.receipt}>Copy the receipt</Copy>
        </div>
      )}
    </section>
  );
}

/** The keys that receipts were checked with, and what a person has to know of them. */
function Keys({
  known,
  isNew,
  strangers,
  onBelieve,
  onForget,
}: {
  known: KnownKeys;
  isNew: boolean;
  strangers: readonly string[];
  onBelieve: () => void;
  onForget: () => void;
}) {
  return (
    <>
      {strangers.length > 0 && (
        <div role="alert" className="note waiting stack-small">
          <strong>The deployment signs with a key that this browser does not know.</strong>
          <span>
            That is so after its key was changed, and when somebody else signs in its place. Compare with what{" "}
            <code>caracald audit keys</code> prints before you believe it.
          </span>
          <Code label="New keys" text={strangers.join("\n")} />
          <div className="row">
            <Button onClick={onBelieve}>Believe these keys</Button>
          </div>
        </div>
      )}
      <details>
        <summary className="quiet small">
          {isNew ? (
            "Signed with keys that this browser sees for the first time"
          ) : (
            <>
              Signed with keys that this browser knows since <ExactTime at={known.since} />
            </>
          )}
        </summary>
        <div className="stack-small">
          <p className="quiet small">
            Whoever serves this page could serve other keys as well. Compare these once with what{" "}
            <code>caracald audit keys</code> prints; the browser keeps to them from then on.
          </p>
          <Code label="Keys" text={known.keys.join("\n")} />
          <div className="row">
            <Button onClick={onForget}>Forget these keys</Button>
          </div>
        </div>
      </details>
    </>
  );
}

/** Fetches the receipts of a request's events and checks them here: one press, and nothing has to be believed but keys. */
export function Receipts({
  zone,
  request,
  events,
  proofs,
  onProved,
}: {
  zone: string;
  request: string;
  events: ReadonlyArray<Schema["LedgerEvent"]>;
  proofs: Proofs | undefined;
  onProved: (proofs: Proofs | undefined) => void;
}) {
  const { act, busy, error } = useAct();
  const [keys, setKeys] = useState<{ known: KnownKeys; isNew: boolean; strangers: string[] }>();
  const prove = async (believed: readonly string[]) => {
    const path = { zone_id: zone };
    const asked = audit.GET("/api/audit/logs/{zone_id}/receipts", {
      params: { path, query: { request_id: request } },
    });
    // What came a moment ago has no receipt yet, which is nothing to be alarmed by.
    const none = (caught: unknown) => {
      if (caught instanceof Problem && caught.code === "entry_not_found") return { receipts: [] };
      throw caught;
    };
    const [{ receipts }, offered, { proveAll }] = await Promise.all([
      read(asked).catch(none),
      read(audit.GET("/api/audit/keys")),
      import("./proof.ts"),
    ]);
    const before = knownKeys(localStorage);
    const first = before ? believed : offered.keys;
    const known = first.length > 0 || !before ? believe(localStorage, first, new Date()) : before;
    setKeys({
      known,
      isNew: !before,
      strangers: offered.keys.filter((key) => !known.keys.includes(key)),
    });
    onProved(proveAll(events, receipts, known.keys, offered.keys));
  };
  const check = (believed: readonly string[] = []) =>
    act(async () => {
      try {
        await prove(believed);
      } catch (caught) {
        // What was proved before is no proof of what could not be looked at now.
        onProved(undefined);
        throw caught;
      }
    });
  const kinds = proofs && [...proofs.values()].map((proof) => proof.kind);
  const bad = kinds?.filter((kind) => kind === "wrong" || kind === "altered").length ?? 0;
  const proved = kinds?.filter((kind) => kind === "proved").length ?? 0;
  return (
    <section className="stack-small" aria-label="Proof">
      <FormProblem error={error} />
      <div className="row">
        <Button busy={busy} onClick={() => void check()}>
          {proofs ? "Check again" : "Check against the ledger"}
        </Button>
        {kinds &&
          (bad > 0 ? (
            <span role="alert" className="wrong">
              {bad} of {kinds.length} events are not in the ledger as they are shown.
            </span>
          ) : (
            <span role="status">
              {proved} of {kinds.length} events are proved by their receipts, here in your browser.
            </span>
          ))}
      </div>
      {keys && (
        <Keys
          {...keys}
          onBelieve={() => void check(keys.strangers)}
          onForget={() => {
            forgetKeys(localStorage);
            setKeys(undefined);
            onProved(undefined);
          }}
        />
      )}
    </section>
  );
}
