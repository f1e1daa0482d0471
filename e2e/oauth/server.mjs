// An OAuth 2.0 and OpenID server for the end-to-end tests: oidc-provider as it is, with clients of every kind that the
// tests need and a user who always agrees.
//
// Environment: TLS_CERT and TLS_KEY (files), CLIENTS (JSON, as oidc-provider takes them), TOKEN_SECONDS.
// The lines of its output are where it listens: its issuer, and the same in plain HTTP for the test itself. GET /grants
// tells which grants it was asked for, with what came of each; POST /outage?status=503 makes the token endpoint fail
// until it is posted again without a status; POST /person?claims={"sub":…} says who comes from now on, and
// POST /claims?in=token whether the identity token says so itself (userinfo otherwise); POST /rotate gives it another signing key; GET /fetches tells how often its
// keys were fetched; POST /client?settings={…} adds a client; GET /client.json describes a client of others, and GET /described tells how
// often that was asked for; POST /forget makes it forget every refresh token; /keys/large and /keys/elsewhere are no keys that anybody should take.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const seconds = Number(process.env.TOKEN_SECONDS ?? 600);
const server = createServer({
  cert: readFileSync(process.env.TLS_CERT),
  key: readFileSync(process.env.TLS_KEY),
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `https://localhost:${server.address().port}`;

function signingKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

const settings = {
  clients: JSON.parse(process.env.CLIENTS ?? "[]"),
  scopes: ["openid", "offline_access", "tickets:read", "email", "profile", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  // A refresh token for every connection, and an identity token for everybody who signs in.
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { AccessToken: seconds, ClientCredentials: seconds, RefreshToken: 3600, Grant: 3600, IdToken: 600 },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: { enabled: false },
  },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_context, id) => ({ accountId: id, claims: () => people.get(id) ?? { sub: id } }),
};

// Whoever comes is this one, and agrees.
let person = "alice";
const people = new Map();

const asked = [];
const remember = (outcome) => (context, error) => {
  const params = context.oidc?.params ?? {};
  const client = context.oidc?.client?.clientId;
  asked.push({ grant: params.grant_type, client, scope: params.scope, outcome, error: error?.error });
};

let refreshTokens = [];
let provider;
let callback;
let key = signingKey();
function begin() {
  provider = new Provider(issuer, { ...settings, jwks: { keys: [key] } });
  provider.on("grant.success", remember("granted"));
  provider.on("grant.error", remember("refused"));
  provider.on("refresh_token.saved", (token) => refreshTokens.push(token));
  // Faults of the server itself are for whoever reads its output.
  provider.on("server_error", (_context, error) => console.error(error));
  callback = provider.callback();
}
begin();

async function agree(request, response) {
  const { params, prompt, grantId, session } = await provider.interactionDetails(request, response);
  const result = {};
  if (prompt.name === "login") {
    result.login = { accountId: person };
  } else {
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result.consent = { grantId: await grant.save() };
  }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

let outage = 0;
let fetches = 0;
let described = 0;
function answer(request, response) {
  const url = new URL(request.url, issuer);
  if (url.pathname === "/grants") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(asked));
  } else if (url.pathname === "/outage") {
    outage = Number(url.searchParams.get("status") ?? 0);
    response.end();
  } else if (url.pathname === "/person") {
    const claims = JSON.parse(url.searchParams.get("claims"));
    person = claims.sub;
    people.set(person, claims);
    response.end();
  } else if (url.pathname === "/claims") {
    settings.conformIdTokenClaims = url.searchParams.get("in") !== "token";
    begin();
    response.end();
  } else if (url.pathname === "/client") {
    const added = JSON.parse(url.searchParams.get("settings"));
    settings.clients = settings.clients.filter((known) => known.client_id !== added.client_id);
    settings.clients.push(added);
    begin();
    response.end();
  } else if (url.pathname === "/described") {
    response.end(String(described));
  } else if (url.pathname === "/client.json") {
    described += 1;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        client_id: `${issuer}/client.json`,
        client_name: "A client that describes itself",
        redirect_uris: ["http://127.0.0.1/back"],
      }),
    );
  } else if (url.pathname === "/rotate") {
    key = signingKey();
    begin();
    response.end();
  } else if (url.pathname === "/forget") {
    const known = refreshTokens;
    refreshTokens = [];
    Promise.all(known.map((token) => token.destroy())).then(() => response.end());
  } else if (url.pathname === "/fetches") {
    response.end(String(fetches));
  } else if (url.pathname === "/keys/large") {
    response.end(JSON.stringify({ keys: [], filling: "x".repeat(1 << 20) }));
  } else if (url.pathname === "/keys/elsewhere") {
    response.writeHead(302, { location: "/jwks" }).end();
  } else if (url.pathname === "/token" && outage) {
    asked.push({ outcome: "outage" });
    response.writeHead(outage).end();
  } else if (url.pathname.startsWith("/interaction/")) {
    agree(request, response).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  } else {
    fetches += Number(url.pathname === "/jwks");
    callback(request, response);
  }
}
server.on("request", answer);
const plain = createPlainServer(answer);
await new Promise((listening) => plain.listen(0, "127.0.0.1", listening));
console.log(`${issuer}\nhttp://localhost:${plain.address().port}`);
