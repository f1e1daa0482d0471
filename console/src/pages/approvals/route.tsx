import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { State } from "../../parts/show.tsx";
import { Time } from "../../parts/time.tsx";
import { many } from "../../parts/words.ts";
import { useNames } from "../sessions/queries.ts";
import { asked, purpose, standing } from "./asked.ts";
import { say, undecidable } from "./decide.ts";
import { ApprovalPanel } from "./panel.tsx";
import { approvalCountsQuery } from "./queries.ts";

type Approval = Schema["ApprovalItem"];

const STATES = [
  ["pending", "Waiting"],
  ["", "All"],
  ["approved", "Approved"],
  ["rejected", "Rejected"],
  ["consumed", "Used"],
  ["expired", "Expired"],
] as const;

/** What waits for a person, those first that nobody has decided. */
export function ApprovalsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const state = address["state"] ?? "pending";
  const chosen = state === "all" ? undefined : (state as Approval["state"]);
  const names = useNames(zone);
  const by = address["by"];
  const client = useQueryClient();
  const decides = useRefusal("decide");
  const counts = useQuery(approvalCountsQuery(zone)).data;
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
        key={`${state} ${by ?? ""}`}
        name="approvals"
        every={3_000}
        queryKey={["zone", zone, "approvals", state, by ?? ""]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/approvals", {
              params: {
                path: { zoneId: zone },
                query: {
                  limit: 100,
                  ...(chosen ? { state: chosen } : {}),
                  ...(by ? { principal: by } : {}),
                  ...(cursor ? { cursor } : {}),
                },
              },
            }),
          )
        }
        tools={
          by && (
            <Button aria-label="Remove the filter by who asks" onClick={() => setAddress({ by: undefined })}>
              asked by: <bdi>{names.get(by) ?? by}</bdi> ✕
            </Button>
          )
        }
        keyOf={(approval) => approval.id}
        textOf={(approval) =>
          `${name(approval)} ${approval.tier} ${purpose(approval)} ${asked(approval).scopes.join(" ")}`
        }
        columns={[
          { head: "Who asks", cell: (approval) => <bdi>{name(approval)}</bdi> },
          {
            head: "For",
            cell: (approval) => <span className="mono">{purpose(approval)}</span>,
          },
          { head: "Tier", cell: (approval) => approval.tier },
          { head: "State", cell: (approval) => <State of={standing(approval)} /> },
          { head: "Asked", cell: (approval) => <Time at={approval.created_at} /> },
          { head: "Ends", right: true, cell: (approval) => <Time at={approval.expires_at} /> },
        ]}
        empty={
          <Empty title={chosen === "pending" ? "Nothing waits" : "No such request"}>
            A policy with approval tiers holds the requests it names until somebody decides here. They appear
            within seconds.
          </Empty>
        }
        bulk={{
          label: (count) => `Reject ${many(count, "request", "requests")}`,
          about: "Whoever asked is refused. A yes is said to one request alone, having looked at it.",
          nameOf: (approval) => `${name(approval)}: ${purpose(approval)}`,
          may: (approval) => approval.state === "pending" && undecidable(approval) === undefined,
          refused: decides,
          reason: true,
          act: ({ id }, reason) => say(zone, id, "reject", reason),
          after: () => client.invalidateQueries({ queryKey: ["zone", zone, "approvals"] }),
        }}
        panel={(approval, close) => (
          <ApprovalPanel
            key={approval.id}
            zone={zone}
            approval={approval}
            name={name(approval)}
            close={close}
          />
        )}
      />
    </Page>
  );
}
