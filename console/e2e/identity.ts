import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A real OpenID provider with a certificate of an authority of its own. */
export type Provider = {
  issuer: string;
  /** The same in plain HTTP, for the test itself. */
  plain: string;
  /** The authority's certificate. */
  authority: string;
  process: ChildProcess;
};

export const CLIENT_SECRET = "a secret of the console at the provider";

/** An authority and a certificate for localhost. */
function certificates(directory: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "authority.key",
    "-out",
    "authority.pem",
    "-days",
    "2",
    "-subj",
    "/CN=tests",
  );
  openssl("req", ...key, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost");
  writeFileSync(join(directory, "names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n");
  openssl(
    ..."x509 -req -in request.pem -CA authority.pem -CAkey authority.key -CAcreateserial -days 2".split(" "),
    ..."-out certificate.pem -extfile names".split(" "),
  );
}

/** Starts it for the console at `console`. */
export async function identityProvider(directory: string, consoleUrl: string): Promise<Provider> {
  mkdirSync(directory, { recursive: true });
  certificates(directory);
  const installed = join(process.cwd(), "node_modules/.e2e-oauth");
  execFileSync("../scripts/e2e-oauth.sh", [installed], { stdio: ["ignore", "inherit", "inherit"] });
  const client = {
    client_id: "console",
    client_secret: CLIENT_SECRET,
    token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["authorization_code"],
    response_types: ["code"],
    redirect_uris: [`${consoleUrl}/sign-in/callback`],
    post_logout_redirect_uris: [`${consoleUrl}/sign-in`],
  };
  const people = {
    ...client,
    client_id: "people",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [`${consoleUrl}/connections/callback`],
    post_logout_redirect_uris: [],
  };
  const server = spawn("node", [join(installed, "server.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      TLS_CERT: join(directory, "certificate.pem"),
      TLS_KEY: join(directory, "key.pem"),
      CLIENTS: JSON.stringify([client, people]),
    },
  });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const said = [(await lines.next()).value, (await lines.next()).value];
  if (!said[0] || !said[1]) throw new Error("the identity provider does not listen");
  return { issuer: said[0], plain: said[1], authority: join(directory, "authority.pem"), process: server };
}

/** The same provider, as the API takes it. */
export function peopleSettings(consoleUrl: string): Record<string, unknown> {
  const issuer = process.env["E2E_ISSUER"] ?? "";
  return {
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    redirect_uri: `${consoleUrl}/connections/callback`,
    client_id: "people",
    client_secret: CLIENT_SECRET,
    scopes: ["openid", "tickets:read"],
    issuer,
    revocation_endpoint: `${issuer}/token/revocation`,
  };
}

/** Settings of a provider at which people connect accounts there. */
export function peopleConnect(): Record<string, string> {
  const issuer = process.env["E2E_ISSUER"] ?? "";
  return {
    "Authorization endpoint": `${issuer}/auth`,
    "Token endpoint": `${issuer}/token`,
    "Client id": "people",
    "Client secret": CLIENT_SECRET,
    Scopes: "openid tickets:read",
    Issuer: issuer,
    "Revocation endpoint": `${issuer}/token/revocation`,
  };
}

/** Whoever comes to the provider from now on. */
export async function comes(claims: Record<string, unknown>): Promise<void> {
  const url = `${process.env["E2E_IDENTITY"]}/person?claims=${encodeURIComponent(JSON.stringify(claims))}`;
  const answer = await fetch(url, { method: "POST" });
  if (!answer.ok) throw new Error(`the identity provider answers ${answer.status}`);
}
