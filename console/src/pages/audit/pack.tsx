import { audit, control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { keepFile } from "../../parts/file.ts";
import { FormProblem } from "../../parts/form.tsx";
import { question } from "./queries.ts";

/** What a pack holds events of. */
export type PackOf = {
  readonly session_id?: string;
  /** With commas between them. */
  readonly authority_record_id?: string;
  readonly since?: string;
  readonly until?: string;
};

const PACKED: readonly string[] = ["session_id", "since", "from", "until"];

/** Why there is no pack of what a search asks for: one of a time or a session leaves nothing of it out. */
export function unpackable(query: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(query);
  if (names.length === 0) return "Choose a time or a session first.";
  return names.every((name) => PACKED.includes(name))
    ? undefined
    : "A pack leaves nothing out: take away all filters but time and session.";
}

/** What a search asks for, as a pack. */
export function packOf(query: Readonly<Record<string, string>>, now: Date): PackOf {
  const { since, until, session_id } = question(query, now);
  return { ...(since ? { since } : {}), ...(until ? { until } : {}), ...(session_id ? { session_id } : {}) };
}

/** Most authority records that one pack is asked for. */
const RECORDS = 100;

/** A pack by the name that the service gave it. */
async function keepPack(zone: string, asked: PackOf): Promise<void> {
  let name = "evidence.tar";
  const packed = await read(
    audit
      .GET("/api/audit/logs/{zone_id}/pack", {
        params: { path: { zone_id: zone }, query: asked },
        parseAs: "blob",
      })
      .then((answer) => {
        const [, given] =
          /filename="([\w.-]+)"/.exec(answer.response.headers.get("content-disposition") ?? "") ?? [];
        name = given ?? name;
        return answer;
      }),
  );
  keepFile(name, packed as unknown as Blob);
}

/** Records of a subject, the latest first. */
async function recordsOf(zone: string, subject: string): Promise<string[]> {
  const { items, next_cursor } = (await read(
    control.GET("/v1/zones/{zoneId}/authority-records", {
      params: { path: { zoneId: zone }, query: { subject_id: subject, limit: RECORDS } },
    }),
  )) as Schema["RecordItemListing"];
  if (items.length === 0) throw new Error("No authority record of it is kept any more.");
  if (next_cursor)
    throw new Error(
      `It has more than ${RECORDS} authority records: make packs of its sessions, or of a span of time.`,
    );
  return items.map((record) => record.authority_record_id);
}

/** Has the browser keep an evidence pack, which a stranger verifies without the deployment. */
export function PackButton({
  zone,
  asked,
  refused,
}: {
  zone: string;
  asked: () => PackOf | Promise<PackOf>;
  /** Why there is none of what is asked. */
  refused?: string | undefined;
}) {
  const unseen = useRefusal("read_evidence");
  const { act, busy, error } = useAct();
  return (
    <>
      <Button
        refused={unseen ?? refused}
        busy={busy}
        onClick={() => void act(async () => keepPack(zone, await asked()))}
      >
        {busy ? "Packing…" : "Evidence pack"}
      </Button>
      <FormProblem error={error} />
    </>
  );
}

/** The events of a subject's authority records, and of the sessions that they name. */
export function SubjectPack({ zone, subject }: { zone: string; subject: string }) {
  return (
    <PackButton
      zone={zone}
      asked={async () => ({ authority_record_id: (await recordsOf(zone, subject)).join(",") })}
    />
  );
}
