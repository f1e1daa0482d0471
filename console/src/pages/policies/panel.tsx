import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { FormProblem } from "../../parts/form.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Badge, Raw } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { useUnsaved } from "../../parts/unsaved.ts";
import { By } from "../accounts/by.tsx";
import { Changes, PolicyEditor } from "./editor.tsx";
import { PutInForce } from "./force.tsx";
import { GrantsMatrix } from "./grants/matrix.tsx";
import { candidate, type InForce, inForceQuery, policyQuery } from "./queries.ts";

type Version = Schema["PolicyVersionItem"];

/** Puts a version of a policy in force, beside everything else that is. */
function Activation({
  zone,
  current,
  policy,
  live,
  version,
  onDone,
  onClose,
}: {
  zone: string;
  current: InForce;
  policy: Schema["PolicyDetail"];
  live: Version | undefined;
  version: Version;
  onDone: () => Promise<void>;
  onClose: () => void;
}) {
  // Made once: what was looked at is what is put in force.
  const made = useRef<ReturnType<typeof candidate>>(undefined);
  const make = () => {
    made.current ??= candidate(zone, current, policy, version.id).catch((error: unknown) => {
      made.current = undefined;
      throw error;
    });
    return made.current;
  };
  return (
    <PutInForce
      zone={zone}
      title={`Put version ${version.version} in force`}
      label="Put it in force"
      version={make}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {live
          ? `It takes the place of version ${live.version}, which is in force now.`
          : "What it grants is granted beside everything else that is in force."}
      </p>
      <Changes before={live?.content ?? ""} after={version.content ?? ""} />
    </PutInForce>
  );
}

function Opened({
  zone,
  policy,
  draft,
  close,
}: {
  zone: string;
  policy: Schema["PolicyDetail"];
  draft: string | undefined;
  close: () => void;
}) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const current = useQuery(inForceQuery(zone)).data;
  const forced = new Set(current?.version?.manifest_json.map((entry) => entry.policy_version_id));
  const live = policy.versions.find((version) => forced.has(version.id));
  const newest = policy.versions[0];
  const [text, setText] = useState(draft ?? newest?.content ?? "");
  const [shown, setShown] = useState<"text" | "grants">("text");
  const { act, busy, error } = useAct();
  const [activating, setActivating] = useState<Version>();
  const [archiving, setArchiving] = useState(false);
  const changed = text !== (newest?.content ?? "");
  useUnsaved(changed);
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone] });
  const save = () =>
    act(async () => {
      await read(
        control.POST("/v1/zones/{zoneId}/policies/{id}/versions", {
          params: { path: { zoneId: zone, id: policy.id } },
          body: { content: text },
        }),
      );
      await again();
    });
  const changes = changed && newest && (
    <details open={shown === "grants" || draft !== undefined}>
      <summary>What is changed since version {newest.version}</summary>
      <Changes before={newest.content ?? ""} after={text} />
    </details>
  );
  return (
    <>
      <FormProblem error={error} />
      {/* Of a draft the change is what it is about; of what somebody types it is a look back. */}
      {draft !== undefined && changes}
      <div className="tabs" role="tablist" aria-label="How the policy is shown">
        {(["text", "grants"] as const).map((one) => (
          <button
            key={one}
            type="button"
            role="tab"
            aria-selected={shown === one}
            onClick={() => setShown(one)}
          >
            {one === "text" ? "Text" : "Grants"}
          </button>
        ))}
      </div>
      {shown === "text" ? (
        <PolicyEditor text={text} onChange={setText} readOnly={refused !== undefined} />
      ) : (
        <GrantsMatrix zone={zone} text={text} onChange={setText} readOnly={refused !== undefined} />
      )}
      {draft === undefined && changes}
      <div className="row">
        <Button
          look="main"
          busy={busy}
          refused={refused ?? (changed ? undefined : "Nothing is changed.")}
          onClick={() => void save()}
        >
          Keep as a new version
        </Button>
        {changed && (
          <Button look="plain" onClick={() => setText(newest?.content ?? "")}>
            Forget the changes
          </Button>
        )}
      </div>
      <section className="stack-small" aria-labelledby="versions">
        <h3 id="versions">Versions</h3>
        <Table stacked heads={["Version", "Made", "By", "(Actions)"]}>
          {policy.versions.map((version) => (
            <tr key={version.id}>
              <td className="number" data-head="Version">
                {version.version} {version.id === live?.id && <Badge meaning="allowed">in force</Badge>}
              </td>
              <td data-head="Made">
                <Time at={version.created_at} />
              </td>
              <td data-head="By">
                <By of={version.created_by} />
              </td>
              <td className="right">
                {/* Until it is known what is in force, nothing is offered to take its place. */}
                {current && version.id !== live?.id && (
                  <Button refused={refused} onClick={() => setActivating(version)}>
                    {live && version.version < live.version ? "Roll back to it…" : "Put in force…"}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      </section>
      <div className="row">
        <Button look="danger" refused={refused} onClick={() => setArchiving(true)}>
          Archive…
        </Button>
      </div>
      <Raw value={policy} />
      {activating && current && (
        <Activation
          zone={zone}
          current={current}
          policy={policy}
          live={live}
          version={activating}
          onDone={again}
          onClose={() => setActivating(undefined)}
        />
      )}
      {archiving && (
        <Confirm
          title={`Archive ${policy.name}`}
          label="Archive it"
          name={policy.name}
          onClose={() => setArchiving(false)}
          act={async () => {
            await read(
              control.DELETE("/v1/zones/{zoneId}/policies/{id}", {
                params: { path: { zoneId: zone, id: policy.id } },
              }),
            );
            await again();
            close();
          }}
        >
          <p>
            It can be put in force no more. A version that is in force stays in force until another set
            version is.
          </p>
        </Confirm>
      )}
    </>
  );
}

/** A policy: its text, its versions, and which of them is in force. */
export function PolicyPanel({
  zone,
  id,
  name,
  draft,
  about,
  close,
}: {
  zone: string;
  id: string;
  name: string;
  /** What stands in the editor instead of the newest version. */
  draft?: string;
  /** Where the draft comes from. */
  about?: ReactNode;
  close: () => void;
}) {
  const query = useQuery(policyQuery(zone, id));
  return (
    <Dialog side title={name} onClose={close}>
      {about}
      <Loaded query={query}>
        {(policy) => (
          <Opened
            key={policy.versions[0]?.id ?? policy.id}
            zone={zone}
            policy={policy}
            draft={draft}
            close={close}
          />
        )}
      </Loaded>
    </Dialog>
  );
}
