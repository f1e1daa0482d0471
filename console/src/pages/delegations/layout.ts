import type { components } from "../../api/coordinator";

export type Delegation = components["schemas"]["ActiveDelegation"];

/** A session in the graph. */
export type Node = { id: string; application: string; column: number; row: number };
/** A delegation in the graph: what it hands on, and what of the one it narrows it leaves out. */
type Edge = { id: string; from: Node; to: Node; scopes: string; without: string };

/** The scopes of a delegation. */
export const scopesOf = (delegation: Delegation): string[] => [delegation.scopes].flat();

export type Graph = { nodes: Node[]; edges: Edge[]; columns: number; rows: number };

function leftOut(parent: Delegation | undefined, delegation: Delegation): string[] {
  const kept = new Set(scopesOf(delegation));
  return parent ? scopesOf(parent).filter((scope) => !kept.has(scope)) : [];
}

/**
 * Sessions from left to right, each to the right of all that handed it something. Delegations narrow from one to the next,
 * so there is no circle; if there were one, it would be drawn where it is met first.
 */
export function layout(delegations: ReadonlyArray<Delegation>): Graph {
  const nodes = new Map<string, Node>();
  const node = (id: string, application: string): Node => {
    const known = nodes.get(id) ?? { id, application, column: 0, row: 0 };
    nodes.set(id, known);
    return known;
  };
  const byId = new Map(delegations.map((delegation) => [delegation.id, delegation]));
  const edges = delegations.map((delegation) => ({
    id: delegation.id,
    scopes: scopesOf(delegation).join(" "),
    without: leftOut(byId.get(delegation.parent_edge_id ?? ""), delegation).join(" "),
    from: node(delegation.source_session_id, delegation.issuer_application_id),
    to: node(delegation.target_session_id, delegation.receiver_application_id),
  }));
  // At most as many rounds as there are sessions: a longer path would be a circle.
  for (let round = 0; round < nodes.size; round++) {
    let moved = false;
    for (const { from, to } of edges) {
      if (from !== to && to.column <= from.column && from.column + 1 < nodes.size) {
        to.column = from.column + 1;
        moved = true;
      }
    }
    if (!moved) break;
  }
  const filled: number[] = [];
  for (const one of nodes.values()) {
    const row = filled[one.column] ?? 0;
    one.row = row;
    filled[one.column] = row + 1;
  }
  return {
    nodes: [...nodes.values()],
    edges,
    columns: Math.max(0, ...[...nodes.values()].map((one) => one.column + 1)),
    rows: Math.max(0, ...filled.filter((count) => count !== undefined)),
  };
}

/** Delegations that `id` was narrowed from, and those narrowed from it: what ends with what. */
export function lineage(delegations: ReadonlyArray<Delegation>, id: string | undefined): ReadonlySet<string> {
  const found = new Set<string>();
  const parents = new Map(delegations.map((one) => [one.id, one.parent_edge_id ?? undefined]));
  if (id === undefined || !parents.has(id)) return found;
  for (let at: string | undefined = id; at !== undefined && !found.has(at); at = parents.get(at))
    found.add(at);
  const below = new Set([id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const one of delegations) {
      if (one.parent_edge_id && below.has(one.parent_edge_id) && !below.has(one.id)) {
        below.add(one.id);
        grown = true;
      }
    }
  }
  return new Set([...found, ...below]);
}
