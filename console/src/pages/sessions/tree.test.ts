import { expect, test } from "vitest";
import { below, type Session, trees } from "./tree.ts";

const session = (id: string, parent?: string) =>
  ({ agent_session_id: id, parent_id: parent ?? null, started_at: id }) as Session;

test("what a kill would reach is the session and everything below it", () => {
  const [root, stray] = trees([session("c", "b"), session("b", "a"), session("a"), session("x", "gone")]);
  expect(root && below(root).map((one) => one.agent_session_id)).toEqual(["a", "b", "c"]);
  expect(stray?.session.agent_session_id).toBe("x");
});
