import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useRefusal } from "../../../api/me.ts";
import { Button } from "../../../parts/button.tsx";
import { Confirm } from "../../../parts/dialog.tsx";
import { Figures } from "../../../parts/figures.tsx";
import { Failed } from "../../../parts/page.tsx";
import { Badge } from "../../../parts/show.tsx";
import { Time } from "../../../parts/time.tsx";
import { By } from "../../accounts/by.tsx";
import { useNames } from "../../sessions/queries.ts";
import { Differences } from "../differences.tsx";
import { PutInForce } from "../force.tsx";
import { useVersionName } from "../version-name.ts";
import { end, type Seen, type Shadow, shadowQuery } from "./queries.ts";

/** What it decided otherwise so far. */
function Counts({ shadow }: { shadow: Shadow }) {
  const counted = (name: string, count: number, more: string) => ({
    name,
    value: count.toLocaleString(),
    more,
  });
  return (
    <Figures
      of={[
        counted("Would be refused", shadow.newly_denied, "and were not"),
        counted("Would be allowed", shadow.newly_allowed, "and were not"),
        counted("Would be held", shadow.newly_held, "for an approval, and were not"),
        counted("Held otherwise", shadow.held_otherwise, "for another approval"),
      ]}
    />
  );
}

function Told({ zone, shadow }: { zone: string; shadow: Shadow }) {
  const names = useNames(zone);
  return (
    <>
      <Counts shadow={shadow} />
      {shadow.groups.length > 0 ? (
        <Differences
          zone={zone}
          names={names}
          more="Carried out"
          of={shadow.groups.map((group) => ({
            ...group,
            example: group.request_id,
            more: group.carried_out.toLocaleString(),
          }))}
        />
      ) : (
        <p className="quiet">
          {shadow.running
            ? "It has decided nothing otherwise yet. Differences appear here moments after they are decided."
            : "It decided nothing otherwise."}
        </p>
      )}
      {(shadow.ungrouped > 0 || !shadow.complete) && (
        <p className="note waiting">
          {shadow.complete
            ? `${shadow.ungrouped.toLocaleString()} more differ in ways that are not shown.`
            : "There are more differences than are looked at: these are the newest."}
        </p>
      )}
    </>
  );
}

type Asked = { readonly what: "stop" | "force"; readonly seen: Seen };

function Ask({
  zone,
  name,
  asked: { what, seen },
  onClose,
}: {
  zone: string;
  name: string;
  asked: Asked;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const { shadow } = seen;
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone] });
  if (what === "force")
    return (
      <PutInForce
        zone={zone}
        title={`Put ${name} in force`}
        label="Put it in force"
        version={async () => ({ set: shadow.policy_set_id, version: shadow.version_id })}
        onDone={again}
        onClose={onClose}
      >
        <p>
          Beside the version in force it decided {shadow.newly_denied.toLocaleString()} requests to be
          refused, and {shadow.newly_allowed.toLocaleString()} to be allowed, that were not.
        </p>
      </PutInForce>
    );
  return (
    <Confirm
      title={`Stop trying ${name}`}
      label="Stop it"
      otherwise="Let it run"
      onClose={onClose}
      act={async () => {
        await end(zone, seen);
        await again();
      }}
    >
      <p>
        What it decided otherwise stays in the ledger, and is shown here no more. Nothing is enforced
        otherwise by stopping it.
      </p>
    </Confirm>
  );
}

/** The version that is decided beside the one in force: nobody is refused for it, and its owner sees what would be. */
export function ShadowState({ zone }: { zone: string }) {
  const refused = useRefusal("change");
  // What it decided is evidence. Each refusal is on record, so one that is known is not asked for.
  const unseen = useRefusal("read_evidence");
  const query = useQuery({ ...shadowQuery(zone), enabled: unseen === undefined });
  const seen = query.data;
  const [asked, setAsked] = useState<Asked>();
  const name = useVersionName(zone, seen?.shadow, "the version");
  // That there is none is said by nobody else: what is not known is not passed over.
  if (query.isError && seen === undefined)
    return <Failed error={query.error} again={() => void query.refetch()} />;
  if (!seen) return null;
  const { shadow } = seen;
  return (
    <section className="stack" aria-labelledby="shadow">
      <div className="spread">
        <div>
          <h2 id="shadow">
            Shadow: {name} {shadow.running ? "is" : "was"} decided beside the one in force{" "}
            <Badge meaning={shadow.running ? "waiting" : "plain"}>
              {shadow.running ? "running" : "over"}
            </Badge>
          </h2>
          <p className="quiet">
            Begun <Time at={shadow.started_at} /> by <By of={shadow.started_by} />;{" "}
            {shadow.running ? "it ends" : "it ended"} <Time at={shadow.expires_at} />. Nothing of it is
            enforced.
          </p>
        </div>
        <div className="row">
          <Button look="main" refused={refused} onClick={() => setAsked({ what: "force", seen })}>
            Put it in force…
          </Button>
          <Button refused={refused} onClick={() => setAsked({ what: "stop", seen })}>
            {shadow.running ? "Stop it…" : "Put it away…"}
          </Button>
        </div>
      </div>
      <Told zone={zone} shadow={shadow} />
      {asked && <Ask zone={zone} name={name} asked={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}
