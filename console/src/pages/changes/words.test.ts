import { expect, test } from "vitest";
import { type Change, done, fields, operator, reason } from "./words.ts";

const change = (more: Partial<Change>): Change => ({
  id: "1",
  action: "POST /v1/zones/z/providers",
  method: "POST",
  path: "/v1/zones/z/providers",
  entity_type: "providers",
  request_id: "r",
  status_code: 201,
  occurred_at: "2026-11-30T12:00:00Z",
  chain_seq: 1,
  signed: true,
  payload_json: { change_kind: "create" },
  ...more,
});

test("what was done is a verb and an object", () => {
  expect(done(change({}))).toBe("Make provider");
  expect(done(change({ payload_json: { change_kind: "secret_rotation" } }))).toBe(
    "Rotate the secret of provider",
  );
  expect(
    done(
      change({ path: "/v1/zones/z/freeze", entity_type: "zones", payload_json: { change_kind: "action" } }),
    ),
  ).toBe("Freeze zone");
});

test("what a record says otherwise is told as it is", () => {
  expect(done(change({ entity_type: null }))).toBe("POST /v1/zones/z/providers");
  expect(done(change({ entity_type: "toString", payload_json: null }))).toBe("Make toString");
  expect(fields(change({ payload_json: { changed_fields: ["name", 7] } }))).toEqual(["name"]);
  expect(fields(change({ payload_json: "text" }))).toEqual([]);
  expect(reason(change({ payload_json: { reason: "" } }))).toBeUndefined();
  expect(operator(change({ payload_json: { operator: "account:a" } }))).toBe("account:a");
});
