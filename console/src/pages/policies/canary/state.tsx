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
import { useVersionName } from "../version-name.ts";
import { RuleFields } from "./fields.tsx";
import { type Canary, canaryQuery, change, promote, type Seen, takeBack } from "./queries.ts";
import { ending, percent, rulesOf, type Typed, typedOf, unusable } from "./rules.ts";

type Asked = { readonly what: "promote" | "change" | "back"; readonly seen: Seen };

/** What was counted of it so far. */
function Counts({ canary }: { canary: Canary }) {
  const { decisions } = canary;
  const left = Math.max(0, canary.min_decisions - canary.unjudged);
  const counted = (count: number) => ({
    value: count.toLocaleString(),
    more: percent(count, decisions),
  });
  return (
    <Figures
      of={[
        {
          name: "Decided",
          value: decisions.toLocaleString(),
          more: `judged after ${left.toLocaleString()} more`,
        },
        {
          name: "Newly denied",
          ...counted(canary.newly_denied),
          more: `${percent(canary.newly_denied, decisions)}, goes back past ${canary.max_newly_denied_percent} %`,
        },
        { name: "Denied in all", ...counted(canary.denied) },
        { name: "Newly held", ...counted(canary.newly_held) },
        { name: "Newly allowed", ...counted(canary.newly_allowed) },
      ]}
    />
  );
}

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
  const { canary } = seen;
  const [typed, setTyped] = useState<Typed>(() => typedOf(canary));
  const act = async () => {
    try {
      if (what === "promote") await promote(zone, seen);
      else if (what === "back") await takeBack(zone, seen);
      else await change(zone, seen, rulesOf(typed));
    } finally {
      // Also where it was refused: it has changed or ended meanwhile.
      await client.invalidateQueries({ queryKey: ["zone", zone] });
    }
  };
  if (what === "change")
    return (
      <Confirm
        title="Change the rules of the canary"
        label="Change them"
        otherwise="Leave them"
        refused={unusable(typed)}
        act={act}
        onClose={onClose}
      >
        <p>
          Whoever is on its side stays there when the share grows. What was counted so far is forgotten:
          another share is another experiment.
        </p>
        <RuleFields typed={typed} onChange={setTyped} />
      </Confirm>
    );
  return what === "promote" ? (
    <Confirm
      title={`Put ${name} in force for everybody`}
      label="Put it in force"
      otherwise="Not yet"
      act={act}
      onClose={onClose}
    >
      <p>
        It decides for {canary.share_percent} % of the applications now, and for all of them from then on.
      </p>
      {canary.newly_allowed + canary.newly_held > 0 && (
        <p className="note waiting">
          It allowed {canary.newly_allowed.toLocaleString()} and held {canary.newly_held.toLocaleString()}{" "}
          that the version in force would have decided otherwise. That takes nothing back by itself: look at
          it first.
        </p>
      )}
    </Confirm>
  ) : (
    <Confirm
      title={`Take ${name} back`}
      label="Take it back"
      otherwise="Let it run"
      act={act}
      onClose={onClose}
    >
      <p>
        The version in force decides for every application again, within a second. What waits for an approval
        that the canary asked for is asked again.
      </p>
    </Confirm>
  );
}

/** How the last one ended. */
function Ended({ canary, name }: { canary: Canary; name: string }) {
  return (
    <p role="status" className={canary.outcome === "too_many_denials" ? "note waiting" : "quiet"}>
      The last canary was {name}, for {canary.share_percent} % of the applications:{" "}
      {ending(canary) ?? "it has ended"} <Time at={canary.ended_at} />
      {canary.ended_by && (
        <>
          {" "}
          by <By of={canary.ended_by} />
        </>
      )}
      . It decided {canary.decisions.toLocaleString()} and newly denied {canary.newly_denied.toLocaleString()}
      .
    </p>
  );
}

/** The version that decides for some of the applications, what was counted of it, and how it ends. */
export function CanaryState({ zone }: { zone: string }) {
  const refused = useRefusal("change");
  const query = useQuery(canaryQuery(zone));
  const seen = query.data;
  const [asked, setAsked] = useState<Asked>();
  const name = useVersionName(zone, seen?.canary, "the canary");
  // That there is none is said by nobody else: what is not known is not passed over.
  if (query.isError && seen === undefined)
    return <Failed error={query.error} again={() => void query.refetch()} />;
  if (!seen) return null;
  const { canary } = seen;
  return (
    <>
      {canary.running ? (
        <section className="stack" aria-labelledby="canary">
          <div className="spread">
            <div>
              <h2 id="canary">
                Canary: {name} decides for {canary.share_percent} % of the applications{" "}
                <Badge meaning="waiting">running</Badge>
              </h2>
              <p className="quiet">
                Begun <Time at={canary.started_at} /> by <By of={canary.started_by} />. The version in force
                decides for the others.
              </p>
            </div>
            <div className="row">
              <Button look="main" refused={refused} onClick={() => setAsked({ what: "promote", seen })}>
                Put it in force…
              </Button>
              <Button refused={refused} onClick={() => setAsked({ what: "change", seen })}>
                Change its rules…
              </Button>
              <Button look="danger" refused={refused} onClick={() => setAsked({ what: "back", seen })}>
                Take it back…
              </Button>
            </div>
          </div>
          <Counts canary={canary} />
        </section>
      ) : (
        <Ended canary={canary} name={name} />
      )}
      {/* It may have ended by itself since it was asked about: the dialog stays where it is, and says so. */}
      {asked && <Ask zone={zone} name={name} asked={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}
