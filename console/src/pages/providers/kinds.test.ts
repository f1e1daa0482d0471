import { expect, test } from "vitest";
import { config } from "./kinds.ts";

test("blank settings are left out, and lists are lists", () => {
  expect(
    config("oauth2_client_credentials", { client_id: " id ", client_secret: "", scopes: "a  b" }),
  ).toEqual({
    client_id: "id",
    scopes: ["a", "b"],
  });
  expect(config("api_key", { header_name: "X", api_key: "k" })).toEqual({
    auth_location: "header",
    header_name: "X",
    api_key: "k",
  });
});
