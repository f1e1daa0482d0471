import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { TextField, wrongAt } from "../../parts/form.tsx";
import { ExactTime } from "../../parts/time.tsx";
import { many } from "../../parts/words.ts";
import { overviewQuery } from "../overview/queries.ts";
import { zoneQuery } from "./queries.ts";

/** Stops everything in a zone, having said how much that is and asked why. */
function Freeze({ zone, name, onClose }: { zone: string; name: string; onClose: () => void }) {
  const client = useQueryClient();
  const overview = useQuery(overviewQuery(zone)).data;
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>();
  return (
    <Confirm
      title={`Freeze ${name}`}
      label="Freeze the zone"
      otherwise="Let it go on"
      onClose={onClose}
      act={async () => {
        const body = reason.trim() ? { reason: reason.trim() } : {};
        await read(
          control.POST("/v1/zones/{zoneId}/freeze", { params: { path: { zoneId: zone } }, body }),
        ).catch((caught: unknown) => {
          setError(caught);
          throw caught;
        });
        await client.invalidateQueries({ queryKey: ["zone", zone] });
        await client.invalidateQueries({ queryKey: ["zones"] });
      }}
    >
      <p>
        Nothing in this zone is allowed from then on, in any process, and what runs is cut. What was given out
        before is refused as well, until somebody thaws the zone.
      </p>
      {overview && (
        <p>
          {many(overview.sessions.active, "live authority record", "live authority records")} and{" "}
          {many(overview.applications.total, "application", "applications")} are stopped.
        </p>
      )}
      <TextField
        label="Reason"
        help="Stands in the record of changes, and is sent to notification sinks. It may be left out."
        maxLength={500}
        value={reason}
        wrong={wrongAt(error, "reason")}
        onChange={(event) => setReason(event.target.value)}
      />
    </Confirm>
  );
}

function Thaw({ zone, name, onClose }: { zone: string; name: string; onClose: () => void }) {
  const client = useQueryClient();
  return (
    <Confirm
      title={`Thaw ${name}`}
      label="Thaw the zone"
      look="main"
      otherwise="Leave it frozen"
      onClose={onClose}
      act={async () => {
        await read(control.POST("/v1/zones/{zoneId}/thaw", { params: { path: { zoneId: zone } } }));
        await client.invalidateQueries({ queryKey: ["zone", zone] });
        await client.invalidateQueries({ queryKey: ["zones"] });
      }}
    >
      <p>
        Everything that policy allows is allowed again. What ended meanwhile stays ended: look first at who is
        kept out, and which secrets were rotated.
      </p>
    </Confirm>
  );
}

/** The switch that stops everything in a zone. */
export function FreezeButton({ zone }: { zone: string }) {
  const itself = useQuery(zoneQuery(zone)).data;
  const refused = useRefusal("stop");
  const [asking, setAsking] = useState(false);
  if (!itself || itself.frozen_at) return null;
  return (
    <>
      <Button look="danger" refused={refused} onClick={() => setAsking(true)}>
        Freeze the zone…
      </Button>
      {asking && <Freeze zone={zone} name={itself.name} onClose={() => setAsking(false)} />}
    </>
  );
}

/** On every page of a zone that is frozen: that it is, and the way back. */
export function Frozen({ zone }: { zone: string }) {
  const itself = useQuery(zoneQuery(zone)).data;
  const refused = useRefusal("change");
  const [asking, setAsking] = useState(false);
  if (!itself?.frozen_at) return null;
  return (
    <div role="status" className="note refused spread frozen">
      <span>
        This zone is frozen since <ExactTime at={itself.frozen_at} />. Nothing in it is allowed.
      </span>
      <Button refused={refused} onClick={() => setAsking(true)}>
        Thaw the zone…
      </Button>
      {asking && <Thaw zone={zone} name={itself.name} onClose={() => setAsking(false)} />}
    </div>
  );
}
