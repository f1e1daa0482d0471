import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { AreaField, Form, FormProblem, SelectField, TextField, wrongAt } from "../../parts/form.tsx";
import { providersQuery } from "../providers/queries.ts";
import { ImportOperations } from "./import.tsx";
import { parseOperations, writeOperations } from "./operations.ts";

/** What a new resource begins with. */
const EXAMPLE = "GET /{path+} api:read\n";

/** What the scopes of a resource begin with. */
function prefixOf(operations: ReadonlyArray<Schema["Operation"]>, name: string): string {
  const declared = operations[0]?.scope.split(":")[0];
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug || declared || "api";
}

type Resource = Schema["ResourceItem"];

/** Makes a resource, or changes one. */
export function ResourceForm({
  zone,
  resource,
  onDone,
}: {
  zone: string;
  resource?: Resource;
  onDone: () => void;
}) {
  const providers = useQuery(providersQuery(zone)).data;
  const [typed, setTyped] = useState({
    name: resource?.name ?? "",
    identifier: resource?.identifier ?? "",
    upstream: resource?.upstream_url ?? "",
    provider: resource?.credential_provider_id ?? "",
    operations: resource ? writeOperations(resource.operations) : EXAMPLE,
  });
  const { act, busy, error } = useAct({ leaves: true });
  const [changed, setChanged] = useState(false);
  const [importing, setImporting] = useState(false);
  const put = (field: keyof typeof typed) => (event: { target: { value: string } }) => {
    setTyped({ ...typed, [field]: event.target.value });
    setChanged(true);
  };
  const read_ = parseOperations(typed.operations);
  const provider = typed.provider || providers?.[0]?.id || "";
  const save = () =>
    act(async () => {
      if (read_.wrong) throw new Error(`Operations: ${read_.wrong}`);
      const scopes = [...new Set(read_.operations.map((operation) => operation.scope))];
      const shared = {
        name: typed.name,
        upstream_url: typed.upstream,
        credential_provider_id: provider,
        operations: read_.operations,
        scopes,
      };
      if (resource) {
        await read(
          control.PATCH("/v1/zones/{zoneId}/resources/{id}", {
            params: { path: { zoneId: zone, id: resource.id } },
            body: shared,
          }),
        );
      } else {
        await read(
          control.POST("/v1/zones/{zoneId}/resources", {
            params: { path: { zoneId: zone } },
            body: { ...shared, ...(typed.identifier ? { identifier: typed.identifier } : {}) },
          }),
        );
      }
      onDone();
    });
  return (
    <>
      <Form onSubmit={save} unsaved={changed}>
        <FormProblem error={error} />
        <TextField
          label="Name"
          maxLength={200}
          value={typed.name}
          wrong={wrongAt(error, "name")}
          onChange={put("name")}
        />
        {!resource && (
          <TextField
            label="Identifier"
            placeholder="made from the name"
            help="What agents ask for, such as resource://orders."
            value={typed.identifier}
            wrong={wrongAt(error, "identifier")}
            onChange={put("identifier")}
          />
        )}
        <TextField
          label="Address of the upstream"
          type="url"
          value={typed.upstream}
          wrong={wrongAt(error, "upstream_url")}
          onChange={put("upstream")}
        />
        <SelectField
          label="Credential"
          options={(providers ?? []).map((one) => [one.id, one.name] as const)}
          value={provider}
          wrong={
            wrongAt(error, "credential_provider_id") ??
            (providers?.length === 0 ? "Make a provider first." : undefined)
          }
          onChange={put("provider")}
        />
        <AreaField
          label="Operations"
          rows={8}
          help={
            <>
              One a line: method, path, scope. <code>{"{id}"}</code> is one segment, <code>{"{path+}"}</code>{" "}
              all that follows. Everything else is refused.
            </>
          }
          value={typed.operations}
          wrong={read_.wrong ?? wrongAt(error, "operations", "scopes")}
          onChange={put("operations")}
        />
        <div className="row">
          <Button onClick={() => setImporting(true)}>Import operations…</Button>
        </div>
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            {resource ? "Save" : "Declare it"}
          </Button>
        </div>
      </Form>
      {/* A form of its own, which belongs to no other. */}
      {importing && (
        <ImportOperations
          prefix={prefixOf(read_.operations, typed.name)}
          // What stands there as an example is nobody's choice.
          there={!resource && typed.operations === EXAMPLE ? [] : read_.operations}
          onClose={() => setImporting(false)}
          onImport={(operations) => {
            setTyped({ ...typed, operations: writeOperations(operations) });
            setChanged(true);
            setImporting(false);
          }}
        />
      )}
    </>
  );
}
