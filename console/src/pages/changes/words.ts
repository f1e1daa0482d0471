import type { Schema } from "../../api/client.ts";

export type Change = Schema["AdminChange"];

/** What an object is called, by the collection in whose path it is. */
export const OBJECTS: Readonly<Record<string, string>> = {
  zones: "zone",
  applications: "application",
  workloads: "workload",
  providers: "provider",
  "provider-connections": "connected account",
  resources: "resource",
  policies: "policy",
  "policy-sets": "policy set",
  grants: "grant",
  sessions: "session",
  agents: "session",
  "authority-records": "authority record",
  delegations: "delegation",
  approvals: "approval",
  subjects: "subject",
  "subject-issuers": "issuer",
  "notification-sinks": "notification sink",
};

const VERBS: Readonly<Record<string, string>> = {
  create: "Make",
  update: "Change",
  delete: "Remove",
  secret_rotation: "Rotate the secret of",
};

/** What is done where a record says no kind of change. */
const METHODS: Readonly<Record<string, string>> = {
  GET: "Read",
  POST: "Make",
  PUT: "Change",
  PATCH: "Change",
  DELETE: "Remove",
};

type Payload = {
  readonly change_kind?: unknown;
  readonly changed_fields?: unknown;
  readonly reason?: unknown;
  readonly operator?: unknown;
};

const payload = (change: Change): Payload =>
  change.payload_json !== null && typeof change.payload_json === "object" ? change.payload_json : {};

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** What was done, as a verb and an object. */
export function done(change: Change): string {
  const object = change.entity_type ?? "";
  const noun = Object.hasOwn(OBJECTS, object) ? OBJECTS[object] : object.replaceAll("-", " ");
  const kind = text(payload(change).change_kind) ?? "";
  // What is done to an object is the last word of its path.
  const last = change.path.split("/").at(-1)?.replaceAll("-", " ") ?? "";
  const named = `${last.charAt(0).toUpperCase()}${last.slice(1)}`;
  const verb = Object.hasOwn(VERBS, kind)
    ? VERBS[kind]
    : kind === "action"
      ? named
      : (METHODS[change.method] ?? change.method);
  return noun ? `${verb} ${noun}` : change.action;
}

/** Names of the fields that were changed; their values are kept nowhere. */
export function fields(change: Change): readonly string[] {
  const { changed_fields } = payload(change);
  return Array.isArray(changed_fields) ? changed_fields.filter((field) => typeof field === "string") : [];
}

/** Why, as whoever did it said. */
export const reason = (change: Change): string | undefined => text(payload(change).reason);

/** Whose browser it was, where it was one. */
export const operator = (change: Change): string | undefined => text(payload(change).operator);
