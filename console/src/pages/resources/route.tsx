import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Badge, Facts, Id, Raw } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { Check } from "../providers/check.tsx";
import { providersQuery } from "../providers/queries.ts";
import { ResourceForm } from "./form.tsx";

type Resource = Schema["ResourceItem"];

function host(resource: Resource): string {
  try {
    return new URL(resource.upstream_url ?? "").host;
  } catch {
    return "none";
  }
}

function Enforcement({ of }: { of: Resource }) {
  return of.operation_enforcement === "enforced" ? (
    <span>{of.operations.length} declared</span>
  ) : (
    <Badge meaning="waiting">any operation</Badge>
  );
}

/** Why it cannot be asked whether it lets anybody in without a mandate. */
function untested(resource: Resource, provider: Schema["ProviderItem"] | undefined): string | undefined {
  if (!resource.upstream_url) return "It has no upstream to ask.";
  return provider && provider.kind !== "caracal_mandate"
    ? "Only an upstream that verifies mandates itself can be tested."
    : undefined;
}

function Panel({ zone, resource, close }: { zone: string; resource: Resource; close: () => void }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [editing, setEditing] = useState(false);
  const [archiving, setArchiving] = useState(false);
  const provider = useQuery(providersQuery(zone)).data?.find(
    (one) => one.id === resource.credential_provider_id,
  );
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone] });
  return (
    <Dialog side title={resource.name} onClose={close}>
      <Facts
        rows={[
          [
            "Identifier",
            <span key="identifier" className="mono">
              {resource.identifier}
            </span>,
          ],
          ["Id", <Id key="id" of={resource.id} />],
          [
            "Upstream",
            <span key="upstream" className="mono">
              {resource.upstream_url ?? "none"}
            </span>,
          ],
          [
            "Credential",
            <Link
              key="provider"
              to="/z/$zone/providers"
              params={{ zone }}
              search={{ open: resource.credential_provider_id }}
            >
              <bdi>{provider?.name ?? "its provider"}</bdi>
            </Link>,
          ],
          ["Made", <ExactTime key="made" at={resource.created_at} />],
        ]}
      />
      {editing ? (
        <ResourceForm
          zone={zone}
          resource={resource}
          onDone={() => {
            setEditing(false);
            void again();
          }}
        />
      ) : (
        <>
          <div className="row">
            <Button refused={refused} onClick={() => setEditing(true)}>
              Change…
            </Button>
            <Button look="danger" refused={refused} onClick={() => setArchiving(true)}>
              Archive…
            </Button>
          </div>
          <Check
            zone={zone}
            label="Test its guard"
            unsupported={untested(resource, provider)}
            ask={() =>
              read(
                control.POST("/v1/zones/{zoneId}/resources/{id}/test", {
                  params: { path: { zoneId: zone, id: resource.id } },
                }),
              )
            }
          />
          <section className="stack-small" aria-labelledby="operations">
            <h3 id="operations">Operations</h3>
            <Table heads={["Method", "Path", "Scope"]}>
              {resource.operations.map((operation) => (
                <tr key={`${operation.method} ${operation.path}`}>
                  <td className="mono">{operation.method}</td>
                  <td className="mono">{operation.path}</td>
                  <td className="mono">{operation.scope}</td>
                </tr>
              ))}
            </Table>
          </section>
        </>
      )}
      <Raw value={resource} />
      {archiving && (
        <Confirm
          title={`Archive ${resource.name}`}
          label="Archive it"
          name={resource.name}
          onClose={() => setArchiving(false)}
          act={async () => {
            await read(
              control.DELETE("/v1/zones/{zoneId}/resources/{id}", {
                params: { path: { zoneId: zone, id: resource.id } },
              }),
            );
            await again();
            close();
          }}
        >
          <p>Every call of it is refused from now on, whatever policy says. This cannot be undone.</p>
        </Confirm>
      )}
    </Dialog>
  );
}

/** What agents may call at all. */
export function ResourcesPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const { action, making, end } = useMaking("New resource");
  const client = useQueryClient();
  return (
    <Page
      title="Resources"
      about="Upstreams, the operations they have here, and the scope that each needs."
      action={action}
    >
      <List<Resource>
        name="resources"
        queryKey={["zone", zone, "resources"]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/resources", {
              params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(resource) => resource.id}
        textOf={(resource) => `${resource.name} ${resource.identifier} ${resource.upstream_url ?? ""}`}
        columns={[
          { head: "Resource", cell: (resource) => <bdi>{resource.name}</bdi> },
          { head: "Identifier", cell: (resource) => <span className="mono">{resource.identifier}</span> },
          { head: "Upstream", cell: (resource) => <span className="mono">{host(resource)}</span> },
          { head: "Operations", cell: (resource) => <Enforcement of={resource} /> },
          { head: "Made", right: true, cell: (resource) => <Time at={resource.created_at} /> },
        ]}
        empty={
          <Empty title="No resource yet" action={action}>
            A resource is an upstream that agents may call, operation by operation.
          </Empty>
        }
        panel={(resource, close) => <Panel zone={zone} resource={resource} close={close} />}
      />
      {making && (
        <Dialog title="New resource" onClose={end}>
          <ResourceForm
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
