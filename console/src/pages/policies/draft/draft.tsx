import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Dialog } from "../../../parts/dialog.tsx";
import { Loaded } from "../../../parts/page.tsx";
import { PolicyPanel } from "../panel.tsx";
import { type Draft, draftQuery } from "./queries.ts";

function said({ already, more }: Extract<Draft, { kind: "draft" }>): string {
  const here = already
    ? "The newest version grants already what was refused: look at it below, and put it in force."
    : "The change that would have allowed a refused request is made in the text. Nothing is kept before you do, and nothing is decided by it before it is put in force.";
  return more ? `${here} Something else has to be done as well.` : here;
}

/** The change that would allow a refused request, in the editor of the policy that it belongs to. */
export function DraftPanel({ zone, request, close }: { zone: string; request: string; close: () => void }) {
  const query = useQuery(draftQuery(zone, request));
  const why = (
    <Link to="/z/$zone/audit" params={{ zone }} search={{ request }}>
      Why it was refused
    </Link>
  );
  const draft = query.data;
  if (draft?.kind === "draft")
    return (
      <PolicyPanel
        zone={zone}
        id={draft.policy.id}
        name={draft.policy.name}
        draft={draft.text}
        about={
          <p className="note">
            {said(draft)} {why}
          </p>
        }
        close={close}
      />
    );
  return (
    <Dialog side title="Draft of a change" onClose={close}>
      <Loaded query={query}>
        {(none) => (
          <div className="stack-small">
            {none.kind === "none" && <p>{none.why}</p>}
            <p>{why}</p>
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}
