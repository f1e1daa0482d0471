import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { Loaded } from "../../parts/page.tsx";
import { wholeNumber } from "./number.ts";

type Zone = Schema["Zone"];

/** What the zone is called, and how many mandates it gives out. */
function General({ zone }: { zone: Zone }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [name, setName] = useState(zone.name);
  const before = zone.mint_limit_per_minute?.toString() ?? "";
  // Only what was typed is sent: somebody else may have changed it since this was opened.
  const [typed, setTyped] = useState<string>();
  const limit = typed ?? before;
  const [done, setDone] = useState(false);
  const { act, busy, error } = useAct();
  const asked = wholeNumber(limit);
  const wrong = asked === undefined ? "This must be a whole number, or nothing." : undefined;
  const save = async () => {
    if (refused || asked === undefined) return false;
    return act(async () => {
      setDone(false);
      await read(
        control.PATCH("/v1/zones/{zoneId}", {
          params: { path: { zoneId: zone.id } },
          body: {
            ...(name === zone.name ? {} : { name }),
            ...(typed === undefined ? {} : { mint_limit_per_minute: asked }),
          },
        }),
      );
      await client.invalidateQueries({ queryKey: ["zones"] });
      await client.invalidateQueries({ queryKey: ["zone", zone.id, "itself"] });
      setTyped(undefined);
      setDone(true);
    });
  };
  return (
    <Form onSubmit={save}>
      <FormProblem error={error} />
      <TextField
        label="Name"
        maxLength={120}
        value={name}
        wrong={wrongAt(error, "name")}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Mandates a minute"
        inputMode="numeric"
        placeholder="as many as the deployment allows"
        help="Of each application at each resource. It may be fewer than the deployment allows, never more; to allow none, freeze the zone."
        value={limit}
        wrong={wrong ?? wrongAt(error, "mint_limit_per_minute")}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="row">
        <Button
          type="submit"
          look="main"
          busy={busy}
          refused={
            refused ?? (name === zone.name && limit.trim() === before ? "Nothing is changed." : undefined)
          }
        >
          Save
        </Button>
        {done && (
          <span role="status" className="quiet small">
            Saved. Every role goes by it within a few seconds.
          </span>
        )}
      </div>
    </Form>
  );
}

/** How long its events are kept. */
function Retention({ zone }: { zone: string }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const key = ["zone", zone, "retention"];
  const params = { path: { zoneId: zone } };
  const query = useQuery({
    queryKey: key,
    queryFn: () => read(control.GET("/v1/zones/{zoneId}/audit-retention", { params })),
  });
  const [typed, setTyped] = useState<string>();
  const { act, busy, error } = useAct();
  const asked = typed === undefined ? undefined : wholeNumber(typed);
  const wrong =
    typed !== undefined && asked === undefined ? "This must be a whole number, or nothing." : undefined;
  const save = async () => {
    if (refused || asked === undefined) return false;
    return act(async () => {
      await (asked === null
        ? read(control.DELETE("/v1/zones/{zoneId}/audit-retention", { params }))
        : read(
            control.PUT("/v1/zones/{zoneId}/audit-retention", { params, body: { retention_days: asked } }),
          ));
      await client.invalidateQueries({ queryKey: key });
      setTyped(undefined);
    });
  };
  return (
    <Loaded query={query}>
      {({ retention_days, max_days }) => (
        <Form onSubmit={save}>
          <FormProblem error={error} />
          <TextField
            label="Days that its events are kept"
            inputMode="numeric"
            placeholder={max_days ? `${max_days}, as the deployment says` : "for ever"}
            help="Empty means as long as the deployment keeps any. What a hold is on stays until it is lifted."
            value={typed ?? retention_days?.toString() ?? ""}
            wrong={wrong ?? wrongAt(error, "retention_days")}
            onChange={(event) => setTyped(event.target.value)}
          />
          <div className="row">
            <Button
              type="submit"
              busy={busy}
              refused={refused ?? (typed === undefined ? "Nothing is changed." : undefined)}
            >
              Keep them so long
            </Button>
          </div>
        </Form>
      )}
    </Loaded>
  );
}

/** What can be set of a zone. */
export function ZoneSettings({ zone, onClose }: { zone: Zone; onClose: () => void }) {
  return (
    <Dialog side title={`Settings of ${zone.name}`} onClose={onClose}>
      <General zone={zone} />
      <Retention zone={zone.id} />
    </Dialog>
  );
}
