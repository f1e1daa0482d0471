import type { Schema } from "../../api/client.ts";

/** The longest document that is sent from here: 1 MiB. The API itself takes longer ones. */
export const MAX_BYTES = 1 << 20;

/** A whole zone, or a part of one, as somebody wrote it; the API says what is wrong with it. */
export type ZoneDocument = Readonly<Record<string, unknown>>;

type Change = Schema["StateChange"];

/** Where a document has the objects of a kind, and which member is their name. */
const SECTIONS: Readonly<Record<Schema["StateKind"], readonly [section: string, name: string]>> = {
  provider: ["providers", "identifier"],
  resource: ["resources", "identifier"],
  application: ["applications", "name"],
  workload: ["workloads", "name"],
  subject_issuer: ["subject_issuers", "issuer"],
  policy: ["policies", "name"],
  policy_set: ["policy_sets", "name"],
  notification_sink: ["notification_sinks", "name"],
  audit_retention: ["audit_retention_days", ""],
};

const isObject = (value: unknown): value is ZoneDocument =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The document that a text is, or why it is none. */
export function readDocument(text: string): { document: ZoneDocument } | { wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { wrong: `This is no JSON. ${error instanceof Error ? error.message : ""}`.trim() };
  }
  return isObject(value) ? { document: value } : { wrong: "A document of a zone is a JSON object." };
}

/** The object that a change is about; undefined where the document has none. */
function objectOf(document: ZoneDocument, { kind, name }: Change): unknown {
  const [section, member] = SECTIONS[kind];
  const found = document[section];
  if (!Array.isArray(found)) return found;
  return found.find((one) => isObject(one) && one[member] === name);
}

/** A value as lines: members in the order of their names, texts of several lines as they are, and no secret. */
function lines(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (typeof value === "string" && value.includes("\n")) {
    const text = value.trimEnd().split("\n");
    return text.map((line) => `\n${inner}${line}`).join("");
  }
  if (Array.isArray(value))
    return value.length === 0 ? " []" : value.map((one) => `\n${inner}-${lines(one, inner)}`).join("");
  if (!isObject(value)) return ` ${JSON.stringify(value) ?? "not said"}`;
  const members = Object.keys(value).sort();
  if (members.length === 0) return " {}";
  return members
    .map((name) => {
      const told = name === "secrets" ? " given, and not shown" : lines(value[name], inner);
      return `\n${inner}${name}:${told}`;
    })
    .join("");
}

/** What the changes are about, in the zone as it stands and as the document has it: texts to compare. */
export function sides(
  zone: ZoneDocument,
  document: ZoneDocument,
  changes: readonly Change[],
): { before: string; after: string } {
  const told = (from: ZoneDocument, without: Change["action"]) =>
    changes
      .map((change) => {
        const head = `${change.kind.replaceAll("_", " ")} ${change.name}`;
        return change.action === without ? head : `${head}${lines(objectOf(from, change), "")}`;
      })
      .join("\n");
  return { before: told(zone, "create"), after: told(document, "delete") };
}
