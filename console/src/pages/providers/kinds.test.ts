import { expect, test } from "vitest";
import { config, hasTokenEndpoint, KINDS, type Kind, settingsOf, withCurrent } from "./kinds.ts";

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

test("what was set elsewhere stays a choice, and the default is sent as nothing", () => {
  const proof = KINDS.oauth2_client_credentials.settings.find(({ key }) => key === "client_auth_method");
  const choices = proof?.choices ?? [];
  expect(choices.map(([value]) => value)).toEqual(["", "client_secret_post", "client_secret_jwt"]);
  expect(withCurrent(choices, "client_secret_post")).toBe(choices);
  expect(withCurrent(choices, "private_key_jwt").at(-1)).toEqual(["private_key_jwt", "private_key_jwt"]);
  expect(config("oauth2_client_credentials", { client_auth_method: "" })).toEqual({});
});

test("what the form does not ask for stays as it was, and the id of a key goes with the key", () => {
  const before = {
    token_endpoint: "https://id.example/token",
    client_id: "c",
    client_auth_method: "private_key_jwt",
    key_id: "k-1",
    token_params: { tenant: "t" },
  };
  const typed = {
    token_endpoint: "https://id.example/token",
    client_id: "c2",
    client_auth_method: "private_key_jwt",
    key_id: "k-1",
  };
  const kind = "oauth2_client_credentials";
  expect(settingsOf(kind, typed).map(({ key }) => key)).toContain("key_id");
  expect(config(kind, typed, before)).toEqual({ ...before, client_id: "c2" });
  const secret = { ...typed, client_auth_method: "client_secret_post" };
  expect(settingsOf(kind, secret).map(({ key }) => key)).not.toContain("key_id");
  expect(config(kind, secret, before)).not.toHaveProperty("key_id");
});

test("what has a token endpoint is known by its settings", () => {
  expect((Object.keys(KINDS) as Kind[]).filter(hasTokenEndpoint)).toEqual([
    "oauth2_client_credentials",
    "oauth2_authorization_code",
  ]);
});

test("every kind can show a certificate, whose lines stay lines", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  for (const kind of Object.keys(KINDS) as Kind[]) {
    expect(settingsOf(kind, {}).map(({ key }) => key)).toEqual(
      expect.arrayContaining(["client_certificate", "client_key"]),
    );
  }
  expect(config("none", { client_certificate: `${pem}\n`, client_key: "" })).toEqual({
    client_certificate: pem,
  });
});
