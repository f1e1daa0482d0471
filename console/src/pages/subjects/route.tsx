import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Badge, shortened } from "../../parts/show.tsx";
import { Time } from "../../parts/time.tsx";
import { By } from "../accounts/by.tsx";
import { kindOf } from "./held.ts";
import { SubjectPanel } from "./panel.tsx";
import { StopSubject } from "./stop.tsx";

type Subject = Schema["SubjectItem"];
type Blocked = Schema["BlockedSubjectItem"];

const VIEWS = [
  ["", "Everybody"],
  ["application", "Applications"],
  ["user", "People"],
  ["blocked", "Kept out"],
] as const;

/** Opens one beside the list. */
function Opener({ id, name }: { id: string; name?: string | null | undefined }) {
  const [, setAddress] = useAddress();
  return (
    <button type="button" className="cover linklike" title={id} onClick={() => setAddress({ open: id })}>
      <bdi>{name ?? shortened(id)}</bdi>
    </button>
  );
}

/** Whoever holds authority here, or held it. */
function Subjects({ zone, kind }: { zone: string; kind: Schema["SubjectType"] | undefined }) {
  return (
    <List<Subject>
      name="subjects"
      searched
      every={5_000}
      queryKey={["zone", zone, "subjects", kind ?? ""]}
      load={(cursor, typed) =>
        read(
          control.GET("/v1/zones/{zoneId}/subjects", {
            params: {
              path: { zoneId: zone },
              query: {
                limit: 100,
                ...(kind ? { kind } : {}),
                ...(typed ? { search: typed } : {}),
                ...(cursor ? { cursor } : {}),
              },
            },
          }),
        )
      }
      keyOf={(subject) => subject.subject_id}
      textOf={(subject) => `${subject.subject_id} ${subject.application_name ?? ""}`}
      columns={[
        {
          head: "Subject",
          cell: (subject) => <Opener id={subject.subject_id} name={subject.application_name} />,
        },
        { head: "Kind", cell: (subject) => kindOf(subject) },
        {
          head: "Holds",
          cell: (subject) =>
            subject.active_sessions > 0 ? (
              <Badge meaning="allowed">{subject.active_sessions.toLocaleString()} live</Badge>
            ) : (
              <span className="quiet">nothing now</span>
            ),
        },
        { head: "Last stopped", cell: (subject) => <Time at={subject.last_revoked_at} /> },
        { head: "Last seen", right: true, cell: (subject) => <Time at={subject.last_seen} /> },
      ]}
      empty={
        <Empty title={kind ? "No such subject yet" : "No subject yet"}>
          A subject is an application or a person in whose name an agent acts. It stands here from its first
          authority on.
        </Empty>
      }
    />
  );
}

/** Whoever is kept out of the zone. */
function KeptOut({ zone }: { zone: string }) {
  return (
    <List<Blocked>
      name="who is kept out"
      queryKey={["zone", zone, "kept-out"]}
      load={(cursor) =>
        read(
          control.GET("/v1/zones/{zoneId}/subjects/blocked", {
            params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
          }),
        )
      }
      keyOf={(blocked) => blocked.subject_id}
      textOf={(blocked) => `${blocked.subject_id} ${blocked.reason}`}
      columns={[
        { head: "Subject", cell: (blocked) => <Opener id={blocked.subject_id} /> },
        { head: "Why", cell: (blocked) => <bdi>{blocked.reason.replaceAll("_", " ")}</bdi> },
        { head: "By", cell: (blocked) => <By of={blocked.blocked_by} /> },
        { head: "Since", right: true, cell: (blocked) => <Time at={blocked.blocked_at} /> },
      ]}
      empty={
        <Empty title="Nobody is kept out">
          A person who is kept out logs in nowhere in this zone, whatever their issuer says of them.
        </Empty>
      }
    />
  );
}

/** In whose name agents act: what each holds, and the switch that ends it. */
export function SubjectsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const refused = useRefusal("stop");
  const [keeping, setKeeping] = useState(false);
  const view = VIEWS.find(([key]) => key === (address["view"] ?? ""))?.[0] ?? "";
  return (
    <Page
      title="Subjects"
      about="Applications and people in whose name agents act. Ending one ends everything it holds."
      action={
        <Button look="danger" refused={refused} onClick={() => setKeeping(true)}>
          Keep somebody out…
        </Button>
      }
    >
      <div className="tabs" role="tablist" aria-label="Which">
        {VIEWS.map(([key, label]) => (
          <button
            key={key}
            type="button"
            role="tab"
            aria-selected={view === key}
            onClick={() => setAddress({ view: key, find: undefined, open: undefined })}
          >
            {label}
          </button>
        ))}
      </div>
      {view === "blocked" ? (
        <KeptOut zone={zone} />
      ) : (
        <Subjects key={view} zone={zone} kind={view === "" ? undefined : view} />
      )}
      {address["open"] && (
        <SubjectPanel
          key={address["open"]}
          zone={zone}
          id={address["open"]}
          close={() => setAddress({ open: undefined })}
        />
      )}
      {keeping && <StopSubject zone={zone} onClose={() => setKeeping(false)} />}
    </Page>
  );
}
