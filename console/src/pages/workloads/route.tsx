import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { AreaField, Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { NewSecret } from "../../parts/secret.tsx";
import { Facts, Id, Raw } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { parseBindings, writeBindings } from "./bindings.ts";

type Workload = Schema["WorkloadItem"];

function Secret({ workload, secret, onClose }: { workload: Workload; secret: string; onClose: () => void }) {
  return (
    <NewSecret
      of={workload.name}
      about="Whoever has it can fetch the credentials of the workload."
      environment={{
        CARACAL_ZONE_ID: workload.zone_id,
        CARACAL_WORKLOAD_ID: workload.id,
        CARACAL_WORKLOAD_SECRET: secret,
      }}
      onClose={onClose}
    />
  );
}

function NewWorkload({
  zone,
  onMade,
  onClose,
}: {
  zone: string;
  onMade: (workload: Workload, secret: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const { act, busy, error } = useAct({ leaves: true });
  const make = () =>
    act(async () => {
      const { secret, ...workload } = await read(
        control.POST("/v1/zones/{zoneId}/workloads", { params: { path: { zoneId: zone } }, body: { name } }),
      );
      onMade(workload, secret);
    });
  return (
    <Dialog title="New workload" onClose={onClose}>
      <Form onSubmit={make}>
        <FormProblem error={error} />
        <TextField
          label="Name"
          help="A program that is started with credentials in its environment."
          required
          maxLength={200}
          value={name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            Make it
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Bindings({ zone, workload }: { zone: string; workload: Workload }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const kept = writeBindings(workload.bindings);
  const [text, setText] = useState(kept);
  const { act, busy, error } = useAct();
  const parsed = parseBindings(text);
  const save = () =>
    act(async () => {
      if (parsed.wrong) throw new Error(parsed.wrong);
      await read(
        control.PUT("/v1/zones/{zoneId}/workloads/{id}", {
          params: { path: { zoneId: zone, id: workload.id } },
          body: { bindings: parsed.bindings },
        }),
      );
      await client.invalidateQueries({ queryKey: ["zone", zone, "workloads"] });
    });
  return (
    <Form onSubmit={save} unsaved={text !== kept}>
      <FormProblem error={error} />
      <AreaField
        label="What it is started with"
        rows={6}
        readOnly={refused !== undefined}
        placeholder="ORDERS_TOKEN resource://orders orders:read"
        help="One a line: variable, resource, and scopes where not all of the resource's are wanted. A ? behind the variable lets it start without."
        value={text}
        wrong={parsed.wrong ?? wrongAt(error, "bindings")}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="row">
        <Button
          type="submit"
          busy={busy}
          look="main"
          refused={refused ?? (text === kept ? "Nothing is changed." : undefined)}
        >
          Save
        </Button>
      </div>
    </Form>
  );
}

function Panel({
  zone,
  workload,
  onSecret,
  close,
}: {
  zone: string;
  workload: Workload;
  onSecret: (secret: string) => void;
  close: () => void;
}) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const hidden = useRefusal("reveal");
  const stops = useRefusal("stop");
  const { act, error } = useAct();
  const [doing, setDoing] = useState<"rotate" | "archive">();
  const params = { path: { zoneId: zone, id: workload.id } };
  const show = () =>
    act(async () => {
      onSecret((await read(control.GET("/v1/zones/{zoneId}/workloads/{id}/secret", { params }))).secret);
    });
  return (
    <Dialog side title={workload.name} onClose={close}>
      <FormProblem error={error} />
      <Facts
        rows={[
          ["Id", <Id key="id" of={workload.id} />],
          ["Made", <ExactTime key="made" at={workload.created_at} />],
        ]}
      />
      <Bindings zone={zone} workload={workload} />
      <div className="row">
        <Button refused={hidden} onClick={() => void show()}>
          Show the secret
        </Button>
        <Button refused={refused} onClick={() => setDoing("rotate")}>
          Rotate the secret…
        </Button>
        <Button look="danger" refused={stops} onClick={() => setDoing("archive")}>
          Archive…
        </Button>
      </div>
      <Raw value={workload} />
      {doing === "rotate" && (
        <Confirm
          title="Rotate the secret"
          label="Rotate it"
          onClose={() => setDoing(undefined)}
          act={async () => {
            const made = await read(
              control.POST("/v1/zones/{zoneId}/workloads/{id}/rotate-secret", { params }),
            );
            onSecret(made.secret);
          }}
        >
          <p>The secret so far is refused at once.</p>
        </Confirm>
      )}
      {doing === "archive" && (
        <Confirm
          title={`Archive ${workload.name}`}
          label="Archive it"
          name={workload.name}
          onClose={() => setDoing(undefined)}
          act={async () => {
            await read(control.DELETE("/v1/zones/{zoneId}/workloads/{id}", { params }));
            await client.invalidateQueries({ queryKey: ["zone", zone, "workloads"] });
            close();
          }}
        >
          <p>It can fetch no credential any more. This cannot be undone.</p>
        </Confirm>
      )}
    </Dialog>
  );
}

/** Programs that are started with credentials in their environment. */
export function WorkloadsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const { action, making, end } = useMaking("New workload");
  const client = useQueryClient();
  const [secret, setSecret] = useState<{ workload: Workload; secret: string }>();
  return (
    <Page
      title="Workloads"
      about="Programs that know nothing of Caracal and are started with credentials in their environment."
      action={action}
    >
      <List<Workload>
        name="workloads"
        queryKey={["zone", zone, "workloads"]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/workloads", {
              params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(workload) => workload.id}
        textOf={(workload) => `${workload.name} ${workload.id}`}
        columns={[
          { head: "Workload", cell: (workload) => <bdi>{workload.name}</bdi> },
          { head: "Id", cell: (workload) => <Id of={workload.id} /> },
          {
            head: "Started with",
            cell: (workload) =>
              `${workload.bindings.length} ${workload.bindings.length === 1 ? "variable" : "variables"}`,
          },
          { head: "Made", right: true, cell: (workload) => <Time at={workload.created_at} /> },
        ]}
        empty={
          <Empty title="No workload yet" action={action}>
            A workload names the variables that a program is started with and the resource behind each.
          </Empty>
        }
        panel={(workload, close) => (
          <Panel
            key={`${workload.id} ${workload.updated_at}`}
            zone={zone}
            workload={workload}
            close={close}
            onSecret={(text) => setSecret({ workload, secret: text })}
          />
        )}
      />
      {making && (
        <NewWorkload
          zone={zone}
          onClose={end}
          onMade={(workload, text) => {
            end();
            setSecret({ workload, secret: text });
            void client.invalidateQueries({ queryKey: ["zone", zone, "workloads"] });
          }}
        />
      )}
      {secret && <Secret {...secret} onClose={() => setSecret(undefined)} />}
    </Page>
  );
}
