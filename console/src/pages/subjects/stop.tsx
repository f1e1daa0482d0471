import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { CheckField, TextField } from "../../parts/form.tsx";
import { Failed } from "../../parts/page.tsx";
import { Facts } from "../../parts/show.tsx";
import { held } from "./held.ts";
import { subjectQuery } from "./queries.ts";

type Ended = Schema["SubjectRevoked"];

/** What ended, for whoever has to write it down. */
function Receipt({ zone, of, onClose }: { zone: string; of: Ended; onClose: () => void }) {
  return (
    <Dialog title="It is stopped" onClose={onClose}>
      <Facts
        rows={[
          ["Authority records ended", of.authority_records.toLocaleString()],
          ["Sessions ended", of.sessions.toLocaleString()],
          ["Delegations ended", of.delegations.toLocaleString()],
          ["Accounts disconnected", of.connections.toLocaleString()],
          ["From now on", of.blocked ? "kept out" : "it may begin again"],
        ]}
      />
      <div className="row">
        <Button look="main" onClick={onClose}>
          Done
        </Button>
        <Link to="/z/$zone/changes" params={{ zone }}>
          Who did it, and when
        </Link>
      </div>
    </Dialog>
  );
}

/** What a subject holds, before it is taken away. */
function Holds({ zone, subject }: { zone: string; subject: string }) {
  const query = useQuery(subjectQuery(zone, subject));
  if (query.isPending) return <p className="quiet">Counting what it holds…</p>;
  if (query.data === undefined) return <Failed error={query.error} again={() => void query.refetch()} />;
  const numbers = query.data ? held(query.data) : [];
  return numbers.length === 0 ? (
    <p>It holds nothing in this zone now.</p>
  ) : (
    <>
      <p>These end at once, at every enforcement point, with every delegation between them:</p>
      <ul>
        {numbers.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </>
  );
}

/**
 * Ends everything that a subject holds, having said how much that is, and keeps it out where that is asked. Without a subject it is
 * for somebody who shall be kept out before they come.
 */
export function StopSubject({
  zone,
  of,
  onClose,
}: {
  zone: string;
  of?: Pick<Schema["SubjectItem"], "subject_id" | "application_name">;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const [named, setNamed] = useState("");
  const [reason, setReason] = useState("");
  const [block, setBlock] = useState(of === undefined);
  const [done, setDone] = useState<Ended>();
  const subject = of?.subject_id ?? named.trim();
  if (done) return <Receipt zone={zone} of={done} onClose={onClose} />;
  return (
    <Confirm
      title={of ? "Stop everything of this subject" : "Keep somebody out"}
      label={block ? "End everything and keep it out" : "End everything it holds"}
      refused={subject === "" ? "Say whom first." : undefined}
      onClose={onClose}
      closes={false}
      act={async () => {
        const ended = await read(
          control.POST("/v1/zones/{zoneId}/subjects/revoke", {
            params: { path: { zoneId: zone } },
            body: { subject_id: subject, block, ...(reason.trim() ? { reason: reason.trim() } : {}) },
          }),
        );
        await client.invalidateQueries({ queryKey: ["zone", zone] });
        setDone(ended);
      }}
    >
      {of ? (
        <Holds zone={zone} subject={of.subject_id} />
      ) : (
        <TextField
          label="Id of the person"
          help="As their issuer names them, or as a subject is listed here. They need not have come yet."
          maxLength={512}
          value={named}
          onChange={(event) => setNamed(event.target.value)}
        />
      )}
      <TextField
        label="Reason"
        help="Told to those who ask why, and kept in the evidence. It may be left out."
        maxLength={512}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {of?.application_name ? (
        <p className="quiet">
          The application can begin again with its secret. Rotate the secret, or archive the application, to
          keep it out.
        </p>
      ) : (
        of && (
          <CheckField
            label="Keep it out until somebody lets it in again"
            help="It logs in nowhere in this zone, whatever its issuer says of it."
            checked={block}
            onChange={(event) => setBlock(event.target.checked)}
          />
        )
      )}
    </Confirm>
  );
}
