import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { CheckField, Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { EVENTS, type EventType } from "./events.ts";

/** Makes a sink or changes one. `onMade` is told of the secret of a new one. */
export function SinkForm({
  zone,
  sink,
  onMade,
  onDone,
}: {
  zone: string;
  sink?: Schema["SinkItem"];
  onMade?: (made: Schema["SinkWithSecret"]) => void;
  onDone: () => void;
}) {
  const [name, setName] = useState(sink?.name ?? "");
  const [url, setUrl] = useState(sink?.url ?? "");
  const [told, setTold] = useState<ReadonlySet<EventType>>(
    new Set(sink?.event_types ?? EVENTS.map(([type]) => type)),
  );
  const { act, busy, error } = useAct({ leaves: true });
  const put = (type: EventType, wanted: boolean) => {
    const next = new Set(told);
    if (wanted) next.add(type);
    else next.delete(type);
    setTold(next);
  };
  const save = () =>
    act(async () => {
      const body = { name, url, event_types: [...told] };
      if (sink)
        await read(
          control.PATCH("/v1/zones/{zoneId}/notification-sinks/{id}", {
            params: { path: { zoneId: zone, id: sink.id } },
            body,
          }),
        );
      else
        onMade?.(
          await read(
            control.POST("/v1/zones/{zoneId}/notification-sinks", {
              params: { path: { zoneId: zone } },
              body,
            }),
          ),
        );
      onDone();
    });
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
        label="Address"
        type="url"
        placeholder="https://hooks.example.com/caracal"
        help="Where notifications are posted. Whoever can read the zone can read it, so rely on the signature."
        value={url}
        wrong={wrongAt(error, "url")}
        onChange={(event) => setUrl(event.target.value)}
      />
      <fieldset className="field">
        <legend>It is told when</legend>
        {EVENTS.map(([type, words]) => (
          <CheckField
            key={type}
            label={words}
            checked={told.has(type)}
            onChange={(event) => put(type, event.target.checked)}
          />
        ))}
        {wrongAt(error, "event_types") && <span className="wrong">{wrongAt(error, "event_types")}</span>}
      </fieldset>
      <div className="row">
        <Button
          type="submit"
          look="main"
          busy={busy}
          refused={told.size === 0 ? "It would be told nothing" : undefined}
        >
          {sink ? "Save" : "Make the sink"}
        </Button>
      </div>
    </Form>
  );
}
