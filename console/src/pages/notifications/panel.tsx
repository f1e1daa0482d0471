import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import type { Listing } from "../../api/pages.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { FormProblem } from "../../parts/form.tsx";
import { Failed, Skeleton } from "../../parts/page.tsx";
import { Badge, Facts, Id, Raw } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { outcomeOf, stateOf, wordsOf } from "./events.ts";
import { SinkForm } from "./form.tsx";

type Sink = Schema["SinkItem"];

const DELIVERY = "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries/{deliveryId}/redeliver" as const;

/** What was sent to a sink, newest first. */
function Deliveries({ zone, sink, refused }: { zone: string; sink: Sink; refused: string | undefined }) {
  const client = useQueryClient();
  const key = ["zone", zone, "sinks", sink.id, "deliveries"];
  const query = useInfiniteQuery({
    queryKey: key,
    refetchInterval: 3000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }): Promise<Listing<Schema["DeliveryItem"]>> =>
      read(
        control.GET("/v1/zones/{zoneId}/notification-sinks/{id}/deliveries", {
          params: {
            path: { zoneId: zone, id: sink.id },
            query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const { act, error } = useAct();
  const again = (delivery: string) =>
    act(async () => {
      const path = { zoneId: zone, id: sink.id, deliveryId: delivery };
      await read(control.POST(DELIVERY, { params: { path } }));
      await client.invalidateQueries({ queryKey: key });
    });
  if (query.isPending) return <Skeleton />;
  if (query.isError && rows.length === 0)
    return <Failed error={query.error} again={() => void query.refetch()} />;
  if (rows.length === 0) return <p className="quiet">Nothing was sent to it yet.</p>;
  return (
    <>
      <FormProblem error={error} />
      <Table stacked heads={["What", "State", "When", "(Actions)"]} caption="Deliveries">
        {rows.map((delivery) => {
          const { meaning, words } = outcomeOf(delivery);
          return (
            <tr key={delivery.id}>
              <td style={{ whiteSpace: "normal" }} data-head="What">
                {wordsOf(delivery.event_type)}
                {delivery.last_error && <div className="quiet small">{delivery.last_error}</div>}
              </td>
              <td data-head="State">
                <Badge meaning={meaning}>{words}</Badge>
              </td>
              <td data-head="When">
                <Time at={delivery.created_at} />
              </td>
              <td className="right">
                {(delivery.delivered_at ?? delivery.abandoned_at) && (
                  <Button look="plain" refused={refused} onClick={() => void again(delivery.id)}>
                    Send again
                  </Button>
                )}
              </td>
            </tr>
          );
        })}
      </Table>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}

/** One sink: how it is, what it was sent, what can be done with it. */
export function SinkPanel({
  zone,
  sink,
  onSecret,
  close,
}: {
  zone: string;
  sink: Sink;
  onSecret: (made: Schema["SinkWithSecret"]) => void;
  close: () => void;
}) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [doing, setDoing] = useState<"change" | "rotate" | "remove">();
  const { act: once, error } = useAct();
  const path = { zoneId: zone, id: sink.id };
  const fresh = () => client.invalidateQueries({ queryKey: ["zone", zone, "sinks"] });
  // Also where it was refused: what was sent, and how that went, stands below.
  const act = (work: () => Promise<unknown>) => once(() => work().finally(fresh));
  const { meaning, words } = stateOf(sink);
  return (
    <Dialog side title={sink.name} onClose={close}>
      <div className="row">
        <Badge meaning={meaning}>{words}</Badge>
        {sink.last_error && <span className="quiet small">{sink.last_error}</span>}
      </div>
      <FormProblem error={error} />
      <Facts
        rows={[
          ["Id", <Id key="id" of={sink.id} />],
          [
            "Address",
            <span key="url" className="mono" style={{ overflowWrap: "anywhere" }}>
              {sink.url}
            </span>,
          ],
          ["Told when", sink.event_types.map(wordsOf).join(", ")],
          ["Last got through", <Time key="success" at={sink.last_success_at} />],
          ["Made", <ExactTime key="made" at={sink.created_at} />],
        ]}
      />
      {doing === "change" ? (
        <SinkForm
          zone={zone}
          sink={sink}
          onDone={() => {
            setDoing(undefined);
            void fresh();
          }}
        />
      ) : (
        <div className="row">
          <Button
            look="main"
            refused={refused ?? (sink.active ? undefined : "It is paused")}
            onClick={() =>
              void act(() =>
                read(control.POST("/v1/zones/{zoneId}/notification-sinks/{id}/test", { params: { path } })),
              )
            }
          >
            Send a test
          </Button>
          <Button refused={refused} onClick={() => setDoing("change")}>
            Change…
          </Button>
          <Button
            refused={refused}
            onClick={() =>
              void act(() =>
                read(
                  control.PATCH("/v1/zones/{zoneId}/notification-sinks/{id}", {
                    params: { path },
                    body: { active: !sink.active },
                  }),
                ),
              )
            }
          >
            {sink.active ? "Pause" : "Go on"}
          </Button>
          <Button refused={refused} onClick={() => setDoing("rotate")}>
            New secret…
          </Button>
          <Button look="danger" refused={refused} onClick={() => setDoing("remove")}>
            Remove…
          </Button>
        </div>
      )}
      <h2>What was sent</h2>
      <Deliveries zone={zone} sink={sink} refused={refused} />
      <Raw value={sink} />
      {doing === "rotate" && (
        <Confirm
          title={`A new secret for ${sink.name}`}
          label="Make a new secret"
          onClose={() => setDoing(undefined)}
          act={async () => {
            const made = await read(
              control.POST("/v1/zones/{zoneId}/notification-sinks/{id}/rotate-secret", { params: { path } }),
            );
            await fresh();
            onSecret(made);
          }}
        >
          <p>What is sent from now on is signed with it. Receivers that have the old one refuse it.</p>
        </Confirm>
      )}
      {doing === "remove" && (
        <Confirm
          title={`Remove ${sink.name}`}
          label="Remove the sink"
          onClose={() => setDoing(undefined)}
          act={async () => {
            await read(control.DELETE("/v1/zones/{zoneId}/notification-sinks/{id}", { params: { path } }));
            await fresh();
            close();
          }}
        >
          <p>It is told nothing any more, and what is on its way to it is not sent.</p>
        </Confirm>
      )}
    </Dialog>
  );
}
