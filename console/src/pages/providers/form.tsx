import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { AreaField, Form, FormProblem, SelectField, TextField, wrongAt } from "../../parts/form.tsx";
import { Discovery } from "./discovery.tsx";
import {
  config,
  hasTokenEndpoint,
  KINDS,
  type Kind,
  settingsFound,
  settingsOf,
  withCurrent,
} from "./kinds.ts";

type Provider = Schema["ProviderItem"];

/** Settings of a provider that are not sealed. */
const publicOf = (provider: Provider) => provider.config_json as unknown as Record<string, unknown>;

/** Those as text. */
function typedOf(provider: Provider): Record<string, string> {
  const known = publicOf(provider);
  return Object.fromEntries(
    KINDS[provider.kind].settings.flatMap(({ key }) => {
      const value = known[key];
      if (typeof value === "string") return [[key, value] as const];
      return Array.isArray(value) ? [[key, value.join(" ")] as const] : [];
    }),
  );
}

/** Makes a provider, or changes one. */
export function ProviderForm({
  zone,
  provider,
  onDone,
}: {
  zone: string;
  provider?: Provider;
  onDone: () => void;
}) {
  const [name, setName] = useState(provider?.name ?? "");
  const [kind, setKind] = useState<Kind>(provider?.kind ?? "bearer_token");
  const [typed, setTyped] = useState<Record<string, string>>(provider ? typedOf(provider) : {});
  const { act, busy, error } = useAct({ leaves: true });
  const [changed, setChanged] = useState(false);
  const { about, settings } = KINDS[kind];
  const asked = settingsOf(kind, typed);
  const value = (key: string, preset?: string) => typed[key] ?? (provider ? "" : (preset ?? ""));
  const save = () =>
    act(async () => {
      const filled = Object.fromEntries(settings.map(({ key, preset }) => [key, value(key, preset)]));
      const config_json = config(kind, filled, provider && publicOf(provider));
      if (provider) {
        await read(
          control.PATCH("/v1/zones/{zoneId}/providers/{id}", {
            params: { path: { zoneId: zone, id: provider.id } },
            body: { name, config_json } as unknown as Schema["UpdateProvider"],
          }),
        );
      } else {
        await read(
          control.POST("/v1/zones/{zoneId}/providers", {
            params: { path: { zoneId: zone } },
            body: { name, kind, config_json } as unknown as Schema["CreateProvider"],
          }),
        );
      }
      onDone();
    });
  return (
    <Form onSubmit={save} unsaved={changed}>
      <FormProblem error={error} />
      <TextField
        label="Name"
        value={name}
        maxLength={200}
        wrong={wrongAt(error, "name")}
        onChange={(event) => {
          setName(event.target.value);
          setChanged(true);
        }}
      />
      {!provider && (
        <SelectField
          label="What the upstream wants"
          help={about}
          options={Object.entries(KINDS).map(([key, { label }]) => [key, label] as const)}
          value={kind}
          onChange={(event) => setKind(event.target.value as Kind)}
        />
      )}
      {hasTokenEndpoint(kind) && (
        <Discovery
          zone={zone}
          onFound={(found) => {
            setTyped({ ...typed, ...settingsFound(kind, found) });
            setChanged(true);
          }}
        />
      )}
      {asked.map(({ key, label, secret, needed, lines, help, preset, choices }) => {
        const shared = {
          label,
          value: value(key, preset),
          wrong: wrongAt(error, `config_json.${key}`, key),
          onChange: (event: { target: { value: string } }) => {
            setTyped({ ...typed, [key]: event.target.value });
            setChanged(true);
          },
        };
        const placeholder = secret && provider ? "stays as it is" : "";
        return choices ? (
          <SelectField key={key} {...shared} help={help} options={withCurrent(choices, shared.value)} />
        ) : lines ? (
          <AreaField
            key={key}
            {...shared}
            rows={3}
            autoComplete="off"
            spellCheck={false}
            placeholder={placeholder}
            help={help}
          />
        ) : (
          <TextField
            key={key}
            {...shared}
            type={secret ? "password" : "text"}
            autoComplete="off"
            required={Boolean(needed) && !provider}
            placeholder={placeholder}
            help={secret ? (help ?? "Sealed, and never shown again.") : help}
          />
        );
      })}
      <div className="row">
        <Button type="submit" busy={busy} look="main">
          {provider ? "Save" : "Seal it"}
        </Button>
      </div>
    </Form>
  );
}
