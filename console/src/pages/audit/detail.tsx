import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Badge, Code, Facts, Id, Raw, State, shortened } from "../../parts/show.tsx";
import { ExactTime } from "../../parts/time.tsx";
import { textChanges } from "../policies/draft/changes.ts";
import { useNames } from "../sessions/queries.ts";
import type { Proof } from "./proof.ts";
import { explainQuery } from "./queries.ts";
import { ProofBadge, ProofFacts, type Proofs, Receipts } from "./receipts.tsx";
import { REMEDIES } from "./remedies.ts";
import { obstacle, sentence } from "./suggestion.ts";
import { about, actor, delegation, happened, reason, session } from "./words.ts";

function Gate({
  zone,
  event,
  name,
  open,
  proof,
}: {
  zone: string;
  event: Schema["LedgerEvent"];
  /** The name of the application that acted, where it is known. */
  name: string | undefined;
  open: boolean;
  proof: Proof | undefined;
}) {
  const why = reason(event);
  const who = actor(event);
  const [ran, under] = [session(event), delegation(event)];
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
              ...(who
                ? [
                    [
                      "Who",
                      name ? (
                        <Link key="who" to="/z/$zone/applications" params={{ zone }} search={{ open: who }}>
                          <bdi>{name}</bdi>
                        </Link>
                      ) : (
                        <Id key="who" of={who} />
                      ),
                    ] as const,
                  ]
                : []),
              ...(ran
                ? [
                    [
                      "Session",
                      <Link
                        key="ran"
                        to="/z/$zone/sessions"
                        params={{ zone }}
                        search={{ open: ran }}
                        title={ran}
                      >
                        <span className="mono">{shortened(ran)}</span>
                      </Link>,
                    ] as const,
                  ]
                : []),
              ...(under
                ? [
                    [
                      "Delegation",
                      <Link
                        key="under"
                        to="/z/$zone/delegations"
                        params={{ zone }}
                        search={{ open: under }}
                        title={under}
                      >
                        <span className="mono">{shortened(under)}</span>
                      </Link>,
                    ] as const,
                  ]
                : []),
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
  const names = useNames(zone);
  return (
    <Dialog side title="What happened to this request" onClose={onClose}>
      <Loaded query={query}>
        {(explained) => {
          const first = explained.events.findIndex((event) => event.decision === "deny");
          return (
            <>
              <div className="row">
                <State of={explained.final_decision} />
                <span className="quiet small">
                  Request <Id of={request} />
                </span>
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
                    zone={zone}
                    event={event}
                    name={names.get(actor(event) ?? "")}
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
                  <Link to="/z/$zone/policies" params={{ zone }} search={{ simulate: request }}>
                    Decide it with another version
                  </Link>
                </details>
              )}
            </>
          );
        }}
      </Loaded>
    </Dialog>
  );
}
