import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schema } from "../../api/client.ts";
import { Badge, type Meaning } from "../../parts/show.tsx";
import { type Head, Table } from "../../parts/table.tsx";

export type Change = Schema["DecisionChange"];

const CHANGES: Readonly<Record<Change, readonly [Meaning, string]>> = {
  newly_denied: ["refused", "refused"],
  newly_allowed: ["allowed", "allowed"],
  newly_held: ["waiting", "held"],
  held_otherwise: ["waiting", "held otherwise"],
};

/** How something would be decided, in a word. */
export function ChangeBadge({ of }: { of: Change }) {
  const [meaning, word] = CHANGES[of];
  return <Badge meaning={meaning}>{word}</Badge>;
}

/** Decisions that would differ alike. */
export type Alike = {
  readonly change: Change;
  readonly application_id: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly reason?: string | null;
  readonly decisions: number;
  /** One of their requests. */
  readonly example: string | undefined;
  /** What else is told of them. */
  readonly more?: ReactNode;
};

/** What would be decided otherwise, those that differ alike together, each with a request to look at. */
export function Differences({
  zone,
  of,
  names,
  more,
}: {
  zone: string;
  of: readonly Alike[];
  /** Names of applications, as far as they are known. */
  names: ReadonlyMap<string, string>;
  /** The head above what else is told. */
  more?: string;
}) {
  const heads: Head[] = [
    "Would be",
    "Application",
    "Resource",
    "Scopes",
    { text: "Decisions", className: "right" },
    ...(more ? [{ text: more, className: "right" }] : []),
    "For example",
  ];
  return (
    <Table heads={heads} stacked>
      {of.map((group) => (
        <tr
          key={JSON.stringify([
            group.change,
            group.application_id,
            group.resource,
            group.scopes,
            group.reason ?? "",
          ])}
        >
          <td>
            <ChangeBadge of={group.change} />
            {group.reason && <div className="quiet small">{group.reason.replaceAll("_", " ")}</div>}
          </td>
          <td title={group.application_id} data-head="Application">
            {names.has(group.application_id) ? (
              <bdi>{names.get(group.application_id)}</bdi>
            ) : (
              <span className="mono">{group.application_id}</span>
            )}
          </td>
          <td className="mono" data-head="Resource">
            {group.resource}
          </td>
          <td className="mono" data-head="Scopes">
            {group.scopes.join(" ")}
          </td>
          <td className="right number" data-head="Decisions">
            {group.decisions.toLocaleString()}
          </td>
          {more && (
            <td className="right number" data-head={more}>
              {group.more}
            </td>
          )}
          <td>
            {group.example && (
              <Link to="/z/$zone/audit" params={{ zone }} search={{ request: group.example }}>
                Why it was decided so
              </Link>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
