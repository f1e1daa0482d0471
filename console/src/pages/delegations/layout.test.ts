import { expect, test } from "vitest";
import { type Delegation, layout, lineage } from "./layout.ts";

const edge = (id: string, from: string, to: string, parent?: string, scopes = ["a"]): Delegation =>
  ({
    scopes,
    id,
    source_session_id: from,
    target_session_id: to,
    issuer_application_id: `app-${from}`,
    receiver_application_id: `app-${to}`,
    parent_edge_id: parent ?? null,
  }) as unknown as Delegation;

test("whoever was handed something stands to the right of whoever handed it", () => {
  const graph = layout([edge("3", "b", "d"), edge("1", "a", "b"), edge("2", "a", "c"), edge("4", "c", "d")]);
  const at = Object.fromEntries(graph.nodes.map((node) => [node.id, [node.column, node.row]]));
  expect(at["a"]?.[0]).toBe(0);
  expect([at["b"]?.[0], at["c"]?.[0], at["d"]?.[0]]).toEqual([1, 1, 2]);
  expect(at["b"]?.[1]).not.toBe(at["c"]?.[1]);
  expect([graph.columns, graph.rows]).toEqual([3, 2]);
  expect(layout([])).toMatchObject({ nodes: [], columns: 0, rows: 0 });
});

test("a circle, which there never is, is drawn and not gone round for ever", () => {
  const graph = layout([edge("1", "a", "b"), edge("2", "b", "a"), edge("3", "a", "a")]);
  expect(graph.nodes).toHaveLength(2);
  expect(graph.columns).toBeLessThanOrEqual(2);
});

test("the lineage of a delegation is what it came from and what came of it", () => {
  const all = [
    edge("1", "a", "b"),
    edge("2", "b", "c", "1"),
    edge("3", "c", "d", "2"),
    edge("4", "b", "e", "1"),
    edge("5", "x", "y"),
  ];
  expect([...lineage(all, "2")].sort()).toEqual(["1", "2", "3"]);
  expect([...lineage(all, "1")].sort()).toEqual(["1", "2", "3", "4"]);
  expect(lineage(all, undefined).size + lineage(all, "gone").size).toBe(0);
});

test("an edge says what it hands on, and what it leaves out of what it narrows", () => {
  const [wide, narrow] = layout([
    edge("1", "a", "b", undefined, ["x:read", "x:write"]),
    edge("2", "b", "c", "1", ["x:read"]),
  ]).edges;
  expect([wide?.scopes, wide?.without]).toEqual(["x:read x:write", ""]);
  expect([narrow?.scopes, narrow?.without]).toEqual(["x:read", "x:write"]);
});
