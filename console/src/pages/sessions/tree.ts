import type { components } from "../../api/coordinator";

export type Session = components["schemas"]["SessionItem"];
export type Node = { session: Session; children: Node[] };

/** Sessions as trees, oldest root first; one whose parent is not among them is a root here. */
export function trees(sessions: ReadonlyArray<Session>): Node[] {
  const nodes = new Map(
    sessions.map((session) => [session.agent_session_id, { session, children: [] as Node[] }]),
  );
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const parent = node.session.parent_id ? nodes.get(node.session.parent_id) : undefined;
    if (parent && parent !== node) parent.children.push(node);
    else roots.push(node);
  }
  const sort = (list: Node[]) => {
    list.sort((one, other) => one.session.started_at.localeCompare(other.session.started_at));
    for (const node of list) sort(node.children);
  };
  sort(roots);
  return roots;
}

/** A session and everything below it. */
export function below(node: Node): Session[] {
  return [node.session, ...node.children.flatMap(below)];
}

/** How often something may be handed on, in words. */
export function times(hops: number): string {
  if (hops === 0) return "no more";
  return hops === 1 ? "once more" : `${hops.toLocaleString()} more times`;
}
