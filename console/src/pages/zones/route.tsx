import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { control, read } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { useAddress } from "../../parts/list.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { Badge, Id } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { zonesQuery } from "./queries.ts";
import { ZoneSettings } from "./settings.tsx";

function NewZone({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const { act, busy, error } = useAct({ leaves: true });
  const client = useQueryClient();
  const navigate = useNavigate();
  const make = () =>
    act(async () => {
      const zone = await read(control.POST("/v1/zones", { body: { name } }));
      await client.invalidateQueries({ queryKey: ["zones"] });
      onClose();
      await navigate({ to: "/z/$zone", params: { zone: zone.id } });
    });
  return (
    <Dialog title="New zone" onClose={onClose}>
      <Form onSubmit={make}>
        <FormProblem error={error} />
        <TextField
          label="Name"
          help="A zone is the boundary of everything in it: applications, credentials, policy and evidence."
          required
          maxLength={120}
          value={name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            Make the zone
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

/** Every zone that somebody reaches. */
export function ZonesPage() {
  const zones = useQuery(zonesQuery);
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [making, setMaking] = useState(false);
  const [archiving, setArchiving] = useState<{ id: string; name: string }>();
  const [typed, setTyped] = useState("");
  const [address, setAddress] = useAddress();
  const opened = zones.data?.items.find((zone) => zone.id === address["open"]);
  const action = (
    <Button look="main" refused={refused} onClick={() => setMaking(true)}>
      New zone
    </Button>
  );
  return (
    <Page title="Zones" about="Each zone has its own applications, policy and evidence." action={action}>
      <Loaded query={zones}>
        {({ items }) => {
          const found = items.filter((zone) =>
            `${zone.name} ${zone.slug} ${zone.id}`.toLowerCase().includes(typed.toLowerCase()),
          );
          return items.length === 0 ? (
            <Empty title="No zone yet" action={action}>
              A zone is the boundary of everything in it. Most deployments begin with one for trying and one
              for production.
            </Empty>
          ) : (
            <div className="stack">
              {items.length > 8 && (
                <TextField
                  label="Find"
                  type="search"
                  value={typed}
                  onChange={(event) => setTyped(event.target.value)}
                />
              )}
              <Table stacked heads={["Zone", "Slug", "Id", "Made", "(Actions)"]}>
                {found.map((zone) => (
                  <tr key={zone.id}>
                    <td data-head="Zone">
                      <Link className="cover" to="/z/$zone" params={{ zone: zone.id }}>
                        <bdi>{zone.name}</bdi>
                      </Link>{" "}
                      {zone.frozen_at && <Badge meaning="refused">frozen</Badge>}
                    </td>
                    <td data-head="Slug" className="mono">
                      {zone.slug}
                    </td>
                    <td data-head="Id">
                      <Id of={zone.id} />
                    </td>
                    <td data-head="Made">
                      <Time at={zone.created_at} />
                    </td>
                    <td className="right">
                      <Button
                        look="plain"
                        aria-label={`Settings of ${zone.name}`}
                        onClick={() => setAddress({ open: zone.id })}
                      >
                        Settings
                      </Button>
                      <Button look="plain" refused={refused} onClick={() => setArchiving(zone)}>
                        Archive…
                      </Button>
                    </td>
                  </tr>
                ))}
              </Table>
            </div>
          );
        }}
      </Loaded>
      {making && <NewZone onClose={() => setMaking(false)} />}
      {opened && <ZoneSettings zone={opened} onClose={() => setAddress({ open: undefined })} />}
      {archiving && (
        <Confirm
          title={`Archive ${archiving.name}`}
          label="Archive the zone"
          name={archiving.name}
          onClose={() => setArchiving(undefined)}
          act={async () => {
            await read(control.DELETE("/v1/zones/{zoneId}", { params: { path: { zoneId: archiving.id } } }));
            await client.invalidateQueries({ queryKey: ["zones"] });
          }}
        >
          <p>
            Everything that runs in this zone ends at once: its sessions, delegations and tokens. Its evidence
            stays.
          </p>
          <p>An archived zone cannot be brought back.</p>
        </Confirm>
      )}
    </Page>
  );
}
