import { useEffect, useRef, useState } from "react";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { FormProblem, SelectField } from "../../parts/form.tsx";
import { many } from "../../parts/words.ts";
import { useNames } from "../sessions/queries.ts";
import { Differences } from "./differences.tsx";
import type { Candidate } from "./queries.ts";
import { type Replayed, replay } from "./replay.ts";

const WINDOWS = [
  ["24", "the last day"],
  ["168", "the last week"],
  ["720", "the last 30 days"],
] as const;

function Summary({ answer }: { answer: Replayed }) {
  const changed = answer.decisions - answer.unchanged;
  const undecidable = answer.undecidable.reduce((sum, { decisions }) => sum + decisions, 0);
  return (
    <p role="status">
      {answer.decisions === 0
        ? "Nothing was decided in that time, so nothing can be told."
        : changed === 0
          ? `All ${many(answer.decisions, "decision", "decisions")} would be as they were.`
          : `Of ${many(answer.decisions, "decision", "decisions")} ${many(changed, "would change", "would change")}.`}
      {undecidable > 0 && ` ${many(undecidable, "cannot be made again", "cannot be made again")}.`}
      {!answer.complete && ` ${answer.entries_left.toLocaleString()} events are left to look at.`}
    </p>
  );
}

/** What a version of the set would have decided otherwise, before it decides anything. */
export function Consequences({
  zone,
  version,
}: {
  zone: string;
  /** The set and its version, made where there is none yet. */
  version: () => Promise<Candidate>;
}) {
  const [hours, setHours] = useState("24");
  const [answer, setAnswer] = useState<Replayed>();
  const { act, busy, error } = useAct();
  const names = useNames(zone);
  const shown = useRef(true);
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);
  const look = () =>
    act(async () => {
      setAnswer(undefined);
      const candidate = await version();
      await replay(zone, candidate.set, candidate.version, Number(hours), setAnswer, () => shown.current);
    });
  return (
    <section className="stack-small" aria-labelledby="consequences">
      <h3 id="consequences">What would have been decided otherwise?</h3>
      <div className="row">
        <SelectField
          label="Of"
          options={WINDOWS}
          value={hours}
          onChange={(event) => setHours(event.target.value)}
        />
        <Button busy={busy} onClick={() => void look()}>
          {busy ? "Deciding again…" : "Decide it again"}
        </Button>
      </div>
      <FormProblem error={error} />
      {answer && <Summary answer={answer} />}
      {answer && answer.groups.length > 0 && (
        <Differences
          zone={zone}
          names={names}
          of={answer.groups.map((group) => ({ ...group, example: group.request_ids[0] }))}
        />
      )}
    </section>
  );
}
