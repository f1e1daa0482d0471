/** The grants of a policy as a table, and back into its text. */

import { type Literal, literalOf, NotData } from "./literal.ts";

export type Grant = {
  /** Short name of the application, as `app_ids` has it. */
  readonly application: string;
  /** Scopes by role; a session has the roles that are its labels. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
};

export type Grants = {
  /** By the identifier of the resource. */
  readonly grants: Readonly<Record<string, Grant>>;
  /** Ids of applications by their short names. */
  readonly applications: Readonly<Record<string, string>>;
};

const isObject = (value: Literal | undefined): value is Readonly<Record<string, Literal>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isText = (value: Literal): value is string => typeof value === "string";

function grantOf(resource: string, value: Literal): Grant {
  const odd = new NotData(`the grant of ${resource} has another form than an application and its roles`);
  if (!isObject(value)) throw odd;
  const { application, roles, ...more } = value;
  if (typeof application !== "string" || !isObject(roles) || Object.keys(more).length > 0) throw odd;
  const named = Object.entries(roles).map(([role, scopes]) => {
    if (!Array.isArray(scopes) || !scopes.every(isText)) throw odd;
    return [role, scopes] as const;
  });
  return { application, roles: Object.fromEntries(named) };
}

/** Reads them. @throws NotData where they are not written down as data */
export function readGrants(text: string): Grants {
  const [granted, named] = [literalOf(text, "grants")?.value ?? {}, literalOf(text, "app_ids")?.value ?? {}];
  if (!isObject(granted)) throw new NotData("grants is no object");
  const applications = isObject(named) ? Object.entries(named) : [];
  if (!isObject(named) || !applications.every(([, id]) => isText(id)))
    throw new NotData("app_ids is no object of ids");
  return {
    grants: Object.fromEntries(
      Object.entries(granted).map(([resource, value]) => [resource, grantOf(resource, value)]),
    ),
    applications: Object.fromEntries(applications) as Record<string, string>,
  };
}

const quoted = (text: string): string => JSON.stringify(text);

function block(members: readonly string[], indent: string): string {
  return members.length === 0
    ? "{}"
    : `{\n${members.map((one) => `${indent}  ${one},\n`).join("")}${indent}}`;
}

function written({ application, roles }: Grant): string {
  const named = Object.entries(roles).map(
    ([role, scopes]) => `${quoted(role)}: [${scopes.map(quoted).join(", ")}]`,
  );
  return block([`"application": ${quoted(application)}`, `"roles": ${block(named, "    ")}`], "  ");
}

function put(text: string, name: string, data: string): string {
  const place = literalOf(text, name);
  if (place) return text.slice(0, place.start) + data + text.slice(place.end);
  return `${text.replace(/\s*$/, "\n")}\n${name} := ${data}\n`;
}

/**
 * The text with other grants, and nothing else of it changed. Comments within them are not kept.
 *
 * @throws NotData where they are not written down as data
 */
export function writeGrants(text: string, { grants, applications }: Grants): string {
  const before = readGrants(text);
  let next = text;
  if (JSON.stringify(before.applications) !== JSON.stringify(applications)) {
    const named = Object.entries(applications).map(([name, id]) => `${quoted(name)}: ${quoted(id)}`);
    next = put(next, "app_ids", block(named, ""));
  }
  if (JSON.stringify(before.grants) !== JSON.stringify(grants)) {
    const resources = Object.entries(grants).map(([resource, one]) => `${quoted(resource)}: ${written(one)}`);
    next = put(next, "grants", block(resources, ""));
  }
  return next;
}

/** A short name that is not taken, for an application called `name`. */
export function shortName(name: string, taken: Readonly<Record<string, string>>): string {
  const slug =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 40) || "application";
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? slug : `${slug}-${number}`;
    if (!Object.hasOwn(taken, candidate)) return candidate;
  }
}

/** The grant with a scope more or less in a role. */
export function toggled(grant: Grant, role: string, scope: string): Grant {
  const before = grant.roles[role] ?? [];
  const after = before.includes(scope) ? before.filter((one) => one !== scope) : [...before, scope];
  return { ...grant, roles: { ...grant.roles, [role]: after } };
}
