import { useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { NewSecret } from "../../parts/secret.tsx";
import { Badge, Facts, Id, Raw } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { many } from "../../parts/words.ts";
import { By } from "../accounts/by.tsx";

type Application = Schema["ApplicationItem"];

function lifetime(application: Application) {
  if (!application.expires_at) return <span className="quiet">no end</span>;
  const ended = new Date(application.expires_at) <= new Date();
  return ended ? (
    <Badge meaning="refused">ended</Badge>
  ) : (
    <span>
      ends <Time at={application.expires_at} />
    </span>
  );
}

/** The environment of an application whose secret was just made. */
function Secret({
  application,
  secret,
  onClose,
}: {
  application: Application;
  secret: string;
  onClose: () => void;
}) {
  return (
    <NewSecret
      of={application.name}
      about="Put it where the application reads its secrets. Whoever has it can act as the application."
      environment={{
        CARACAL_ZONE_ID: application.zone_id,
        CARACAL_APPLICATION_ID: application.id,
        CARACAL_APP_CLIENT_SECRET: secret,
      }}
      onClose={onClose}
    />
  );
}

function NewApplication({
  zone,
  onMade,
  onClose,
}: {
  zone: string;
  onMade: (application: Application, secret: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const { act, busy, error } = useAct({ leaves: true });
  const make = () =>
    act(async () => {
      const { client_secret, ...application } = await read(
        control.POST("/v1/zones/{zoneId}/applications", {
          params: { path: { zoneId: zone } },
          body: { name, registration_method: "managed" },
        }),
      );
      onMade(application, client_secret);
    });
  return (
    <Dialog title="New application" onClose={onClose}>
      <Form onSubmit={make}>
        <FormProblem error={error} />
        <TextField
          label="Name"
          help="The software that acts: one for each agent, so that each can be stopped alone."
          required
          maxLength={200}
          value={name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            Register it
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

type Doing = "rotate" | "archive" | "stop";

function Panel({
  application,
  zone,
  onSecret,
  close,
}: {
  application: Application;
  zone: string;
  onSecret: (secret: string) => void;
  close: () => void;
}) {
  const client = useQueryClient();
  const changes = useRefusal("change");
  const hidden = useRefusal("reveal");
  const stops = useRefusal("stop");
  const [doing, setDoing] = useState<Doing>();
  const { act, error } = useAct();
  const params = { path: { zoneId: zone, id: application.id } };
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone] });
  const acts: Record<
    Doing,
    { title: string; label: string; text: string; act: () => Promise<unknown>; name?: string }
  > = {
    rotate: {
      title: "Rotate the secret",
      label: "Rotate it",
      text: "The secret so far is refused at once. What runs goes on until it asks for its next mandate.",
      act: async () => {
        const { client_secret } = await read(
          control.POST("/v1/zones/{zoneId}/applications/{id}/rotate-secret", { params }),
        );
        onSecret(client_secret);
      },
    },
    stop: {
      title: "End everything it holds",
      label: "End everything",
      text: "Its authority records, sessions and delegations end now. It can begin again with its secret: rotate that too.",
      act: () =>
        read(
          control.POST("/v1/zones/{zoneId}/subjects/revoke", {
            params: { path: { zoneId: zone } },
            body: { subject_id: application.id, reason: "ended in the console" },
          }),
        ),
    },
    archive: {
      title: `Archive ${application.name}`,
      label: "Archive it",
      text: "Everything it holds ends, and it cannot begin again. This cannot be undone.",
      name: application.name,
      act: async () => {
        await read(control.DELETE("/v1/zones/{zoneId}/applications/{id}", { params }));
        close();
      },
    },
  };
  const chosen = doing && acts[doing];
  const reveal = () =>
    act(async () => {
      const { client_secret } = await read(
        control.GET("/v1/zones/{zoneId}/applications/{id}/client-secret", { params }),
      );
      onSecret(client_secret);
    });
  return (
    <Dialog side title={application.name} onClose={close}>
      <FormProblem error={error} />
      <Facts
        rows={[
          ["Id", <Id key="id" of={application.id} />],
          ["Registered", application.registration_method === "dcr" ? "for a while" : "by hand"],
          ["Lifetime", lifetime(application)],
          ["Made", <ExactTime key="made" at={application.created_at} />],
          ["Made by", <By key="by" of={application.created_by} />],
        ]}
      />
      <div className="row">
        <Button refused={hidden} onClick={() => void reveal()}>
          Show the secret
        </Button>
        <Button refused={changes} onClick={() => setDoing("rotate")}>
          Rotate the secret…
        </Button>
        <Button look="danger" refused={stops} onClick={() => setDoing("stop")}>
          End everything it holds…
        </Button>
        <Button look="danger" refused={stops} onClick={() => setDoing("archive")}>
          Archive…
        </Button>
      </div>
      <p className="quiet small">Showing a secret is recorded with your name.</p>
      <ul className="row" aria-label="What it does">
        <li>
          <Link to="/z/$zone/audit" params={{ zone }} search={{ application_id: application.id }}>
            What was decided about it
          </Link>
        </li>
        <li>
          <Link to="/z/$zone/approvals" params={{ zone }} search={{ state: "all", by: application.id }}>
            What it asked people for
          </Link>
        </li>
      </ul>
      <Raw value={application} />
      {chosen && (
        <Confirm
          title={chosen.title}
          label={chosen.label}
          {...(chosen.name === undefined ? {} : { name: chosen.name })}
          onClose={() => setDoing(undefined)}
          act={async () => {
            await chosen.act();
            await again();
          }}
        >
          <p>{chosen.text}</p>
        </Confirm>
      )}
    </Dialog>
  );
}

/** The software that acts in a zone. */
export function ApplicationsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const { action, making, end } = useMaking("New application");
  const client = useQueryClient();
  const stops = useRefusal("stop");
  const [secret, setSecret] = useState<{ application: Application; secret: string }>();
  return (
    <Page title="Applications" about="The software that acts, each with a secret of its own." action={action}>
      <List<Application>
        name="applications"
        queryKey={["zone", zone, "applications"]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/applications", {
              params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(application) => application.id}
        textOf={(application) => `${application.name} ${application.id}`}
        columns={[
          { head: "Application", cell: (application) => <bdi>{application.name}</bdi> },
          { head: "Id", cell: (application) => <Id of={application.id} /> },
          { head: "Lifetime", cell: lifetime },
          { head: "Made", right: true, cell: (application) => <Time at={application.created_at} /> },
        ]}
        empty={
          <Empty title="No application yet" action={action}>
            An application is the software that acts: an agent, a worker, a service. It proves itself with a
            secret and gets no more than policy says.
          </Empty>
        }
        bulk={{
          label: (count) => `Archive ${many(count, "application", "applications")}`,
          about: "Everything they hold ends, and they cannot begin again. This cannot be undone.",
          nameOf: ({ name }) => name,
          refused: stops,
          typed: (count) => `archive ${count}`,
          act: ({ id }) =>
            read(
              control.DELETE("/v1/zones/{zoneId}/applications/{id}", {
                params: { path: { zoneId: zone, id } },
              }),
            ),
          after: () => client.invalidateQueries({ queryKey: ["zone", zone] }),
        }}
        panel={(application, close) => (
          <Panel
            application={application}
            zone={zone}
            close={close}
            onSecret={(text) => setSecret({ application, secret: text })}
          />
        )}
      />
      {making && (
        <NewApplication
          zone={zone}
          onClose={end}
          onMade={(application, text) => {
            end();
            setSecret({ application, secret: text });
            void client.invalidateQueries({ queryKey: ["zone", zone] });
          }}
        />
      )}
      {secret && <Secret {...secret} onClose={() => setSecret(undefined)} />}
    </Page>
  );
}
