import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { Badge, Facts, Id, Raw } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { many } from "../../parts/words.ts";
import { Check } from "./check.tsx";
import { Connections } from "./connections.tsx";
import { ProviderForm } from "./form.tsx";
import { hasTokenEndpoint, KINDS } from "./kinds.ts";
import { boundQuery } from "./queries.ts";

type Provider = Schema["ProviderItem"];

function Panel({ zone, provider, close }: { zone: string; provider: Provider; close: () => void }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [editing, setEditing] = useState(false);
  const [archiving, setArchiving] = useState(false);
  const resources = useQuery(boundQuery(zone, provider.id));
  const bound = resources.data;
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone] });
  return (
    <Dialog side title={provider.name} onClose={close}>
      <Facts
        rows={[
          ["Id", <Id key="id" of={provider.id} />],
          [
            "Identifier",
            <span key="identifier" className="mono">
              {provider.identifier}
            </span>,
          ],
          ["Kind", KINDS[provider.kind].label],
          ["Sealed", provider.secret_config_keys.join(", ") || "nothing"],
          ["Made", <ExactTime key="made" at={provider.created_at} />],
        ]}
      />
      {editing ? (
        <ProviderForm
          zone={zone}
          provider={provider}
          onDone={() => {
            setEditing(false);
            void again();
          }}
        />
      ) : (
        <div className="row">
          <Button refused={refused} onClick={() => setEditing(true)}>
            Change…
          </Button>
          <Button look="danger" refused={refused} onClick={() => setArchiving(true)}>
            Archive…
          </Button>
        </div>
      )}
      <Check
        zone={zone}
        label="Test it"
        unsupported={
          hasTokenEndpoint(provider.kind)
            ? undefined
            : "It has no token endpoint: the first call shows whether the upstream takes it."
        }
        ask={() =>
          read(
            control.POST("/v1/zones/{zoneId}/providers/{id}/test", {
              params: { path: { zoneId: zone, id: provider.id } },
            }),
          )
        }
      />
      {provider.kind === "oauth2_authorization_code" && <Connections zone={zone} provider={provider} />}
      <section className="stack-small" aria-labelledby="bound">
        <h3 id="bound">Resources that use it</h3>
        <Loaded query={resources}>
          {(bound) =>
            bound.length === 0 ? (
              <p className="quiet">None.</p>
            ) : (
              <ul>
                {bound.map((resource) => (
                  <li key={resource.id}>
                    <Link to="/z/$zone/resources" params={{ zone }} search={{ open: resource.id }}>
                      <bdi>{resource.name}</bdi>
                    </Link>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
      <Raw value={provider} />
      {archiving && (
        <Confirm
          title={`Archive ${provider.name}`}
          label="Archive it"
          name={provider.name}
          onClose={() => setArchiving(false)}
          act={async () => {
            await read(
              control.DELETE("/v1/zones/{zoneId}/providers/{id}", {
                params: { path: { zoneId: zone, id: provider.id } },
              }),
            );
            await again();
            close();
          }}
        >
          <p>
            Its credential is forgotten.{" "}
            {bound === undefined
              ? "Calls of the resources that use it are refused from now on."
              : bound.length === 0
                ? "No resource uses it."
                : `Calls of ${many(bound.length, "resource that uses", "resources that use")} it are refused from now on.`}{" "}
            This cannot be undone.
          </p>
        </Confirm>
      )}
    </Dialog>
  );
}

/** Credentials of upstreams. */
export function ProvidersPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const { action, making, end } = useMaking("New provider");
  const client = useQueryClient();
  return (
    <Page
      title="Providers"
      about="Credentials of upstreams: sealed here, put into allowed calls, seen by no agent."
      action={action}
    >
      <List<Provider>
        name="providers"
        queryKey={["zone", zone, "providers"]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/providers", {
              params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(provider) => provider.id}
        textOf={(provider) => `${provider.name} ${provider.identifier} ${provider.kind}`}
        columns={[
          { head: "Provider", cell: (provider) => <bdi>{provider.name}</bdi> },
          { head: "Identifier", cell: (provider) => <span className="mono">{provider.identifier}</span> },
          { head: "Kind", cell: (provider) => KINDS[provider.kind].label },
          {
            head: "State",
            cell: (provider) =>
              provider.connectivity_failed_at ? (
                <Badge meaning="refused">does not answer</Badge>
              ) : (
                <Badge meaning="allowed">ready</Badge>
              ),
          },
          { head: "Made", right: true, cell: (provider) => <Time at={provider.created_at} /> },
        ]}
        empty={
          <Empty title="No provider yet" action={action}>
            A provider holds the credential of an upstream, so that no agent has to.
          </Empty>
        }
        panel={(provider, close) => <Panel zone={zone} provider={provider} close={close} />}
      />
      {making && (
        <Dialog title="New provider" onClose={end}>
          <ProviderForm
            zone={zone}
            onDone={() => {
              end();
              void client.invalidateQueries({ queryKey: ["zone", zone] });
            }}
          />
        </Dialog>
      )}
    </Page>
  );
}
