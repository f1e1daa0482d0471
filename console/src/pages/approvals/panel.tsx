import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { AreaField, Form, FormProblem } from "../../parts/form.tsx";
import { Badge, Facts, Id, Raw, State } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { By } from "../accounts/by.tsx";
import { asked, givenUp, history, standing } from "./asked.ts";
import { Call } from "./call.tsx";
import { say, undecidable, type Verdict } from "./decide.ts";

type Approval = Schema["ApprovalItem"];

/** What can be said of an approval as it stands, by key. */
const KEYS: Readonly<Record<string, Verdict>> = { a: "approve", r: "reject", w: "withdraw" };

/** What is asked, in which circumstances, and the decision. */
export function ApprovalPanel({
  zone,
  approval,
  name,
  close,
}: {
  zone: string;
  approval: Approval;
  name: string;
  close: () => void;
}) {
  const client = useQueryClient();
  const role = useRefusal("decide");
  const refused = role ?? undecidable(approval);
  const [reason, setReason] = useState("");
  const { act, busy, error } = useAct({ leaves: true });
  const request = asked(approval);
  const said: readonly Verdict[] =
    approval.state === "pending" ? ["approve", "reject"] : approval.state === "approved" ? ["withdraw"] : [];
  const decide = async (verdict: Verdict) => {
    if (refused || !said.includes(verdict)) return;
    await act(async () => {
      await say(zone, approval.id, verdict, reason);
      await client.invalidateQueries({ queryKey: ["zone", zone, "approvals"] });
      close();
    });
  };
  // The keys of the inbox, unless somebody is writing a reason.
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const writing = (event.target as HTMLElement).closest("input, textarea, select") !== null;
      if (writing || event.repeat || event.metaKey || event.ctrlKey || event.altKey) return;
      const verdict = KEYS[event.key];
      if (verdict) void decide(verdict);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  return (
    <Dialog side keyed title={`${name} asks`} onClose={close}>
      <FormProblem error={error} />
      <div className="row">
        <State of={standing(approval)} />
        <Badge>{approval.tier}</Badge>
        <span className="quiet small">
          {approval.approvals_given} of {approval.approvals_required} said yes
        </span>
      </div>
      {approval.call && <Call call={approval.call} resource={request.resources[0]} />}
      <Facts
        rows={[
          ...(approval.call
            ? []
            : [
                [
                  "Scopes",
                  <span key="scopes" className="mono">
                    {request.scopes.join(" ") || "none"}
                  </span>,
                ] as const,
                [
                  "Resources",
                  <span key="resources" className="mono">
                    {request.resources.join(" ") || "none"}
                  </span>,
                ] as const,
              ]),
          ["Labels", request.labels.join(", ") || "none recorded"],
          ["Before", history(approval)],
          [
            "Asks for",
            <Link
              key="by"
              to="/z/$zone/approvals"
              params={{ zone }}
              search={{ state: "all", by: approval.principal_id }}
            >
              everything else it asked for
            </Link>,
          ],
          ["Asked", <ExactTime key="asked" at={approval.created_at} />],
          ["Ends", <Time key="ends" at={approval.expires_at} />],
          ...(approval.withdrawn_at
            ? [
                [
                  givenUp(approval) ? "Given up by who asked" : "Yes taken back",
                  <ExactTime key="withdrawn" at={approval.withdrawn_at} />,
                ] as const,
              ]
            : []),
          ["Who may decide", approval.approver_class],
          ...(approval.approver_subject_id && !givenUp(approval)
            ? [["Who decided last", <By key="by" of={approval.approver_subject_id} />] as const]
            : []),
          ["Id", <Id key="id" of={approval.id} />],
        ]}
      />
      {approval.decision_reason && (
        <p className="note">
          <bdi>{approval.decision_reason}</bdi>
        </p>
      )}
      {request.session && (
        <Link to="/z/$zone/sessions" params={{ zone }} search={{ open: request.session }}>
          The session that asks
        </Link>
      )}
      <Raw value={approval} />
      {said.length > 0 && (
        <div className="decide">
          <Form onSubmit={() => false} unsaved={reason !== "" && !busy}>
            <AreaField
              label="Reason"
              help="Stands in the evidence. It may be left out."
              rows={2}
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
            {approval.state === "pending" ? (
              <div className="row">
                <Button look="main" refused={refused} busy={busy} onClick={() => void decide("approve")}>
                  Approve <kbd className="small">a</kbd>
                </Button>
                <Button look="danger" refused={refused} busy={busy} onClick={() => void decide("reject")}>
                  Reject <kbd className="small">r</kbd>
                </Button>
              </div>
            ) : (
              <div className="row">
                <Button look="danger" refused={refused} busy={busy} onClick={() => void decide("withdraw")}>
                  Take the yes back <kbd className="small">w</kbd>
                </Button>
                <span className="quiet small">Nobody has used it yet. From then on it is a no.</span>
              </div>
            )}
            {refused && <p className="quiet small">{refused}</p>}
          </Form>
        </div>
      )}
    </Dialog>
  );
}
