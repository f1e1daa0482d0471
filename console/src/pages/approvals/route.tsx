import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { AreaField, Form, FormProblem } from "../../parts/form.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Badge, Facts, Id, Raw, State } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { namesQuery } from "../sessions/queries.ts";
import { asked, history } from "./asked.ts";

type Approval = Schema["ApprovalItem"];

const STATES = [
  ["pending", "Waiting"],
  ["", "All"],
  ["approved", "Approved"],
  ["rejected", "Rejected"],
  ["consumed", "Used"],
  ["expired", "Expired"],
] as const;

/** Why nobody at the console can decide it. */
function undecidable(approval: Approval): string | undefined {
  if (approval.state !== "pending") return "It is decided, used or over.";
  return approval.approver_class === "subject" ? "Only the person it is for can decide it." : undefined;
}

function Panel({
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
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const request = asked(approval);
  const decide = async (verdict: "approve" | "reject") => {
    if (busy || refused) return;
    setBusy(true);
    const options = {
      params: { path: { zoneId: zone, id: approval.id } },
      body: reason === "" ? {} : { reason },
    };
    try {
      await read(
        verdict === "approve"
          ? control.POST("/v1/zones/{zoneId}/approvals/{id}/approve", options)
          : control.POST("/v1/zones/{zoneId}/approvals/{id}/reject", options),
      );
      await client.invalidateQueries({ queryKey: ["zone", zone, "approvals"] });
      close();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  // The keys of the inbox, unless somebody is writing a reason.
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const writing = (event.target as HTMLElement).closest("input, textarea, select") !== null;
      if (writing || event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key === "a") void decide("approve");
      if (event.key === "r") void decide("reject");
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  return (
    <Dialog side keyed title={`${name} asks`} onClose={close}>
      <FormProblem error={error} />
      <div className="row">
        <State of={approval.state} />
        <Badge>{approval.tier}</Badge>
        <span className="quiet small">
          {approval.approvals_given} of {approval.approvals_required} said yes
        </span>
      </div>
      <Facts
        rows={[
          [
            "Scopes",
            <span key="scopes" className="mono">
              {request.scopes.join(" ") || "none"}
            </span>,
          ],
          [
            "Resources",
            <span key="resources" className="mono">
              {request.resources.join(" ") || "none"}
            </span>,
          ],
          ["Labels", request.labels.join(", ") || "none recorded"],
          ["Before", history(approval)],
          ["Asked", <ExactTime key="asked" at={approval.created_at} />],
          ["Ends", <Time key="ends" at={approval.expires_at} />],
          ["Who may decide", approval.approver_class],
          ["Id", <Id key="id" of={approval.id} />],
        ]}
      />
      {approval.decision_reason && (
        <p className="note">
          <bdi>{approval.decision_reason}</bdi>
        </p>
      )}
      {approval.state === "pending" && (
        <Form onSubmit={() => {}}>
          <AreaField
            label="Reason"
            help="Stands in the evidence. It may be left out."
            rows={3}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <div className="row">
            <Button look="main" refused={refused} busy={busy} onClick={() => void decide("approve")}>
              Approve <kbd className="small">a</kbd>
            </Button>
            <Button look="danger" refused={refused} busy={busy} onClick={() => void decide("reject")}>
              Reject <kbd className="small">r</kbd>
            </Button>
          </div>
          {refused && <p className="quiet small">{refused}</p>}
        </Form>
      )}
      {request.session && (
        <Link to="/z/$zone/sessions" params={{ zone }} search={{ open: request.session }}>
          The session that asks
        </Link>
      )}
      <Raw value={approval} />
    </Dialog>
  );
}

/** What waits for a person, those first that nobody has decided. */
export function ApprovalsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const state = address["state"] ?? "pending";
  const chosen = state === "all" ? undefined : (state as Approval["state"]);
  const names: ReadonlyMap<string, string> = useQuery(namesQuery(zone)).data ?? new Map();
  const counts = useQuery({
    queryKey: ["zone", zone, "approvals", "counts"],
    queryFn: () =>
      read(control.GET("/v1/zones/{zoneId}/approvals/counts", { params: { path: { zoneId: zone } } })),
    refetchInterval: 3_000,
  }).data;
  const name = (approval: Approval) => names.get(approval.application_id ?? "") ?? approval.principal_id;
  return (
    <Page title="Approvals" about="Requests that policy holds until a person says yes.">
      <div className="tabs" role="tablist" aria-label="State">
        {STATES.map(([key, label]) => (
          <button
            key={label}
            type="button"
            role="tab"
            aria-selected={(chosen ?? "") === key}
            onClick={() => setAddress({ state: key === "" ? "all" : key, open: undefined })}
          >
            {label}
            {key !== "" && counts && <span className="quiet number"> {counts[key]}</span>}
          </button>
        ))}
      </div>
      <List<Approval>
        key={state}
        name="approvals"
        every={3_000}
        queryKey={["zone", zone, "approvals", state]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/approvals", {
              params: {
                path: { zoneId: zone },
                query: { limit: 100, ...(chosen ? { state: chosen } : {}), ...(cursor ? { cursor } : {}) },
              },
            }),
          )
        }
        keyOf={(approval) => approval.id}
        textOf={(approval) => `${name(approval)} ${approval.tier} ${asked(approval).scopes.join(" ")}`}
        columns={[
          { head: "Who asks", cell: (approval) => <bdi>{name(approval)}</bdi> },
          {
            head: "For",
            cell: (approval) => <span className="mono">{asked(approval).scopes.join(" ")}</span>,
          },
          { head: "Tier", cell: (approval) => approval.tier },
          { head: "State", cell: (approval) => <State of={approval.state} /> },
          { head: "Asked", cell: (approval) => <Time at={approval.created_at} /> },
          { head: "Ends", right: true, cell: (approval) => <Time at={approval.expires_at} /> },
        ]}
        empty={
          <Empty title={chosen === "pending" ? "Nothing waits" : "No such request"}>
            A policy with approval tiers holds the requests it names until somebody decides here. They appear
            within seconds.
          </Empty>
        }
        panel={(approval, close) => (
          <Panel key={approval.id} zone={zone} approval={approval} name={name(approval)} close={close} />
        )}
      />
    </Page>
  );
}
