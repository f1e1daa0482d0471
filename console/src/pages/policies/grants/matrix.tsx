import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../../api/client.ts";
import { Button } from "../../../parts/button.tsx";
import { SelectField, TextField } from "../../../parts/form.tsx";
import { Loaded } from "../../../parts/page.tsx";
import { Table } from "../../../parts/table.tsx";
import { type Grant, type Grants, readGrants, shortName, toggled, writeGrants } from "./grants.ts";
import { NotData } from "./literal.ts";

const ALL = { limit: 500 };

/** Roles by scopes: a press grants, another takes away. */
function Roles({
  grant,
  scopes,
  readOnly,
  onChange,
}: {
  grant: Grant;
  scopes: readonly string[];
  readOnly: boolean;
  onChange: (grant: Grant) => void;
}) {
  const [role, setRole] = useState("");
  const { roles } = grant;
  const label = role.trim();
  const refused = Object.hasOwn(roles, label) ? "There is such a role already" : undefined;
  return (
    <>
      {Object.keys(roles).length > 0 && (
        <Table heads={["Role", ...scopes.map((text) => ({ text, className: "mono" })), "(Actions)"]}>
          {Object.entries(roles).map(([name, held]) => (
            <tr key={name}>
              <th scope="row">
                <bdi>{name}</bdi>
              </th>
              {scopes.map((scope) => (
                <td key={scope}>
                  <input
                    type="checkbox"
                    aria-label={`${name} may ${scope}`}
                    checked={held.includes(scope)}
                    disabled={readOnly}
                    onChange={() => onChange(toggled(grant, name, scope))}
                  />
                </td>
              ))}
              <td className="right">
                {!readOnly && (
                  <Button
                    look="plain"
                    aria-label={`Remove the role ${name}`}
                    onClick={() => {
                      const { [name]: _, ...rest } = roles;
                      onChange({ ...grant, roles: rest });
                    }}
                  >
                    Remove
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {!readOnly && (
        <div className="row" style={{ alignItems: "flex-end" }}>
          <TextField
            label="Another role"
            help="A session has the roles that are its labels."
            maxLength={100}
            value={role}
            wrong={refused}
            onChange={(event) => setRole(event.target.value)}
          />
          <Button
            refused={label === "" ? "Give the role a name" : refused}
            onClick={() => {
              onChange({ ...grant, roles: { ...roles, [label]: [] } });
              setRole("");
            }}
          >
            Add it
          </Button>
        </div>
      )}
    </>
  );
}

function Chosen({
  text,
  known,
  resources,
  applications,
  readOnly,
  onChange,
}: {
  text: string;
  known: Grants;
  resources: ReadonlyArray<Schema["ResourceItem"]>;
  applications: ReadonlyArray<Schema["ApplicationItem"]>;
  readOnly: boolean;
  onChange: (text: string) => void;
}) {
  const identifiers = [
    ...new Set([...Object.keys(known.grants), ...resources.map((one) => one.identifier)]),
  ].sort();
  const [picked, setPicked] = useState<string>();
  const chosen = picked ?? Object.keys(known.grants)[0] ?? identifiers[0];
  if (chosen === undefined) return <p className="quiet">There is no resource yet to grant anything of.</p>;
  const grant = Object.hasOwn(known.grants, chosen) ? known.grants[chosen] : undefined;
  const declared = resources.find((one) => one.identifier === chosen)?.scopes ?? [];
  const held = Object.values(grant?.roles ?? {}).flat();
  const scopes = [...new Set([...[declared].flat(), ...held])].sort();
  const write = (next: Grants) => onChange(writeGrants(text, next));
  const holder =
    grant && Object.hasOwn(known.applications, grant.application)
      ? known.applications[grant.application]
      : "";
  const hand = (id: string) => {
    const application = applications.find((one) => one.id === id);
    if (!application) return;
    const there = Object.entries(known.applications).find(([, other]) => other === id)?.[0];
    const name = there ?? shortName(application.name, known.applications);
    write({
      applications: there ? known.applications : { ...known.applications, [name]: id },
      grants: { ...known.grants, [chosen]: { roles: grant?.roles ?? {}, application: name } },
    });
  };
  const options = [
    ...(holder === "" ? [["", grant ? `${grant.application}, of no id here` : "Nobody yet"] as const] : []),
    ...(holder && !applications.some((one) => one.id === holder) ? [[holder, holder] as const] : []),
    ...applications.map((one) => [one.id, one.name] as const),
  ];
  return (
    <div className="stack">
      <div className="row" style={{ alignItems: "flex-end" }}>
        <SelectField
          label="Resource"
          value={chosen}
          options={identifiers.map((one) => [one, one] as const)}
          onChange={(event) => setPicked(event.target.value)}
        />
        <SelectField
          label="Application"
          value={holder}
          disabled={readOnly}
          options={options}
          onChange={(event) => hand(event.target.value)}
        />
        {grant && !readOnly && (
          <Button
            look="plain"
            onClick={() => {
              const { [chosen]: _, ...rest } = known.grants;
              write({ ...known, grants: rest });
            }}
          >
            Grant nothing of it
          </Button>
        )}
      </div>
      {grant ? (
        <Roles
          key={chosen}
          grant={grant}
          scopes={scopes}
          readOnly={readOnly}
          onChange={(next) => write({ ...known, grants: { ...known.grants, [chosen]: next } })}
        />
      ) : (
        <p className="quiet">This policy grants nothing of it. Choose an application to begin with.</p>
      )}
    </div>
  );
}

/** Which application and role may hold which scope of a resource; each press writes the text of the policy. */
export function GrantsMatrix({
  zone,
  text,
  readOnly,
  onChange,
}: {
  zone: string;
  text: string;
  readOnly: boolean;
  onChange: (text: string) => void;
}) {
  const query = useQuery({
    queryKey: ["zone", zone, "grantable"],
    queryFn: async () => {
      const params = { path: { zoneId: zone }, query: ALL };
      const [resources, applications] = await Promise.all([
        read(control.GET("/v1/zones/{zoneId}/resources", { params })),
        read(control.GET("/v1/zones/{zoneId}/applications", { params })),
      ]);
      return { resources: resources.items, applications: applications.items };
    },
  });
  let known: Grants;
  try {
    known = readGrants(text);
  } catch (error) {
    if (!(error instanceof NotData)) throw error;
    return (
      <p className="note waiting">
        The grants of this policy cannot be shown as a table: {error.message}. Change them as text.
      </p>
    );
  }
  return (
    <Loaded query={query}>
      {(there) => <Chosen {...there} text={text} known={known} readOnly={readOnly} onChange={onChange} />}
    </Loaded>
  );
}
