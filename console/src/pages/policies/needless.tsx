import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormProblem, SelectField } from "../../parts/form.tsx";
import { Code } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";

const WINDOWS = [
  ["168", "the last week"],
  ["720", "the last 30 days"],
  ["2160", "the last 90 days"],
] as const;

/** The part of a policy that a row says is not needed. */
function partOf(grant: Schema["UnneededGrant"]): string {
  return [grant.label ? `role ${grant.label}` : "the whole grant", grant.scope && `scope ${grant.scope}`]
    .filter(Boolean)
    .join(", ");
}

/** Which grants no recorded decision needs, and the policy without them. */
export function Needless({
  zone,
  set,
  version,
  onClose,
}: {
  zone: string;
  set: string;
  version: string;
  onClose: () => void;
}) {
  const [hours, setHours] = useState("720");
  const [answer, setAnswer] = useState<Schema["LeastPrivilege"]>();
  const { act, busy, error } = useAct();
  const look = () =>
    act(async () => {
      setAnswer(undefined);
      setAnswer(
        await read(
          control.POST("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/least-privilege", {
            params: { path: { zoneId: zone, id: set, versionId: version } },
            body: { hours: Number(hours) },
          }),
        ),
      );
    });
  return (
    <Dialog side title="What nobody needed" onClose={onClose}>
      <p className="quiet">
        Decisions on record are made again with the policy in force. What none of them needed is shown; what
        is needed once a year may be among it.
      </p>
      <div className="row">
        <SelectField
          label="By"
          options={WINDOWS}
          value={hours}
          onChange={(event) => setHours(event.target.value)}
        />
        <Button look="main" busy={busy} onClick={() => void look()}>
          {busy ? "Looking…" : "Look for it"}
        </Button>
      </div>
      <FormProblem error={error} />
      {answer && (
        <>
          <p role="status">
            {!answer.complete
              ? "There was too much to look at, so nothing is said to be needless. Choose a shorter time."
              : answer.allowed === 0
                ? "Nothing was allowed in that time, so nothing can be told."
                : answer.unneeded_count === 0
                  ? `Each grant was needed by one of ${answer.allowed.toLocaleString()} decisions.`
                  : `${answer.unneeded_count.toLocaleString()} ${answer.unneeded_count === 1 ? "part" : "parts"} of the grants were needed by none of ${answer.allowed.toLocaleString()} decisions.`}
            {answer.undecidable > 0 &&
              ` ${answer.undecidable.toLocaleString()} could not be made again: look at what they needed yourself.`}
          </p>
          {answer.allowed > 0 && answer.unneeded.length > 0 && (
            <Table heads={["Resource", "Application", "Not needed"]}>
              {answer.unneeded.map((grant) => (
                <tr key={JSON.stringify(grant)}>
                  <td className="mono">{grant.resource}</td>
                  <td className="mono">{grant.application}</td>
                  <td>{partOf(grant)}</td>
                </tr>
              ))}
            </Table>
          )}
          {answer.allowed > 0 && answer.unneeded_count > 0 && answer.content && (
            <details>
              <summary>The policy without it</summary>
              <Code label="Policy" text={answer.content} />
            </details>
          )}
        </>
      )}
    </Dialog>
  );
}
