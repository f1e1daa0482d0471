import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { ShownOnce } from "../../parts/secret.tsx";
import { Badge } from "../../parts/show.tsx";
import { Time } from "../../parts/time.tsx";
import { stateOf } from "./events.ts";
import { SinkForm } from "./form.tsx";
import { SinkPanel } from "./panel.tsx";

type Sink = Schema["SinkItem"];

function StateOf({ sink }: { sink: Sink }) {
  const { meaning, words } = stateOf(sink);
  return <Badge meaning={meaning}>{words}</Badge>;
}

/** Servers that are told what happens in the zone. */
export function NotificationsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const { action, making, end } = useMaking("New sink");
  const client = useQueryClient();
  const [made, setMade] = useState<Schema["SinkWithSecret"]>();
  const key = ["zone", zone, "sinks"];
  return (
    <Page
      title="Notifications"
      about="Servers that are told what happens here: that somebody is needed, that something was stopped."
      action={action}
    >
      <List<Sink>
        name="sinks"
        queryKey={[...key, "list"]}
        every={3000}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/notification-sinks", {
              params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(sink) => sink.id}
        textOf={(sink) => `${sink.name} ${sink.url}`}
        columns={[
          { head: "Sink", cell: (sink) => <bdi>{sink.name}</bdi> },
          { head: "Address", cell: (sink) => <span className="mono">{sink.url}</span> },
          { head: "State", cell: (sink) => <StateOf sink={sink} /> },
          { head: "Last got through", right: true, cell: (sink) => <Time at={sink.last_success_at} /> },
        ]}
        empty={
          <Empty title="Nobody is told yet" action={action}>
            A sink is a server of yours that gets a signed message when a request waits for a person, when
            something was stopped, or when another policy is in force.
          </Empty>
        }
        panel={(sink, close) => <SinkPanel zone={zone} sink={sink} onSecret={setMade} close={close} />}
      />
      {making && (
        <Dialog title="New sink" onClose={end}>
          <SinkForm
            zone={zone}
            onMade={setMade}
            onDone={() => {
              end();
              void client.invalidateQueries({ queryKey: key });
            }}
          />
        </Dialog>
      )}
      {made && (
        <ShownOnce
          title={`Secret of ${made.name}`}
          about="It stands here once. The receiver verifies with it that a message comes from here."
          label="Secret"
          text={made.secret}
          onClose={() => setMade(undefined)}
        />
      )}
    </Page>
  );
}
