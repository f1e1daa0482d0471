import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Badge, Code, Facts, Id, Raw, State } from "../../parts/show.tsx";
import { ExactTime } from "../../parts/time.tsx";
import { textChanges } from "../policies/draft/changes.ts";
import type { Proof } from "./proof.ts";
import { explainQuery } from "./queries.ts";
import { ProofBadge, ProofFacts, type Proofs, Receipts } from "./receipts.tsx";
import { REMEDIES } from "./remedies.ts";
import { obstacle, sentence } from "./suggestion.ts";
import { about, actor, happened, reason } from "./words.ts";

function Gate({
  event,
  open,
  proof,
}: {
  event: Schema["LedgerEvent"];
  open: boolean;
  proof: Proof | undefined;
}) {
  const why = reason(event);
  const who = actor(event);
  return (
    <li className={event.decision}>
      <details open={open}>
        <summary>
          <span className="row" style={{ display: "inline-flex" }}>
            <State of={event.decision} />
            <strong>{happened(event)}</strong>
            <span className="mono quiet">{about(event)}</span>
            {proof && <ProofBadge of={proof} />}
          </span>
        </summary>
        <div className="stack-small">
          <Facts
            rows={[
              ["When", <ExactTime key="when" at={event.occurred_at} />],
              ...(who ? [["Who", <Id key="who" of={who} />] as const] : []),
              ...(why ? [["Why", why.replaceAll("_", " ")] as const] : []),
              ...(event.policy_set_version_id
                ? [["Policy in force", <Id key="policy" of={event.policy_set_version_id} />] as const]
                : []),
            ]}
          />
          {proof && <ProofFacts of={proof} />}
          <Raw value={event} />
        </div>
      </details>
    </li>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The smallest change that would allow what was refused, and where each part of it is made. */
function Suggested({
  zone,
  request,
  suggestion,
}: {
  zone: string;
  request: string;
  suggestion: Schema["Suggestion"];
}) {
  const refused = useRefusal("change");
  const navigate = useNavigate();
  return (
    <section aria-label="What would allow it" className="stack-small">
      <span>
        {suggestion.changes.length === 1 ? "It would be allowed with" : "It would be allowed with all of"}
      </span>
      <ul>
        {suggestion.changes.map((change) => {
          const [text, place] = sentence(change);
          return (
            <li key={text}>
              <span className="mono">{text}</span>{" "}
              {place === "zones" ? (
                <Link to="/zones">Open the zones</Link>
              ) : (
                place && (
                  <Link to={`/z/$zone/${place}`} params={{ zone }}>
                    Open the {place}
                  </Link>
                )
              )}
            </li>
          );
        })}
      </ul>
      {textChanges(suggestion.changes).length > 0 && (
        <div>
          <Button
            refused={refused}
            onClick={() =>
              void navigate({ to: "/z/$zone/policies", params: { zone }, search: { draft: request } })
            }
          >
            Open as draft
          </Button>
        </div>
      )}
      <span className="small quiet">Whether it should be allowed is for whoever owns the policy to say.</span>
    </section>
  );
}

/** Every event of a request in the order in which it was asked, the first refusal opened, and what would mend it. */
export function RequestDetail({
  zone,
  request,
  onClose,
}: {
  zone: string;
  request: string;
  onClose: () => void;
}) {
  const [proofs, setProofs] = useState<Proofs>();
  const query = useQuery(explainQuery(zone, request));
  return (
    <Dialog side title="What happened to this request" onClose={onClose}>
      <div className="row">
        <Id of={request} />
      </div>
      <Loaded query={query}>
        {(explained) => {
          const first = explained.events.findIndex((event) => event.decision === "deny");
          return (
            <>
              <div className="row">
                <State of={explained.final_decision} />
                {explained.outcome && <Badge meaning="waiting">outcome {String(explained.outcome)}</Badge>}
              </div>
              {explained.denied.map((denial) => {
                const remedy = denial.reason ? REMEDIES[denial.reason] : undefined;
                return (
                  <div key={denial.event_id} className="note refused stack-small">
                    <strong>
                      {capital(denial.explanation ?? (denial.reason ?? "refused").replaceAll("_", " "))}
                    </strong>
                    {denial.suggestion?.changes.length ? (
                      <Suggested zone={zone} request={request} suggestion={denial.suggestion} />
                    ) : (
                      <span>{remedy ?? (denial.suggestion && obstacle(denial.suggestion))}</span>
                    )}
                  </div>
                );
              })}
              <ol className="trace">
                {explained.events.map((event, index) => (
                  <Gate
                    key={event.id}
                    event={event}
                    open={index === (first === -1 ? 0 : first)}
                    proof={proofs?.get(event.id)}
                  />
                ))}
              </ol>
              <Receipts
                zone={zone}
                request={request}
                events={explained.events}
                proofs={proofs}
                onProved={setProofs}
              />
              {explained.denied.length > 0 && (
                <details>
                  <summary>What policy was asked</summary>
                  <Code
                    label="Input of policy"
                    text={JSON.stringify(
                      explained.denied.map((denial) => denial.policy_input),
                      null,
                      2,
                    )}
                  />
                </details>
              )}
            </>
          );
        }}
      </Loaded>
    </Dialog>
  );
}
