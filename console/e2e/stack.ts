import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { embedded, production, type Running, until, web } from "./deployment.ts";
import { front } from "./front.ts";
import { CLIENT_SECRET, identityProvider } from "./identity.ts";

/** An upstream that tells which credential it saw. */
async function upstream(): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ path: request.url, key: request.headers["authorization"] ?? null }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** A port that was free a moment ago: the console's address is registered at the identity provider before it listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts a deployment (`E2E_DEPLOYMENT`, embedded where it says nothing) with two replicas of the console behind one address, a third
 * that speaks TLS, an identity provider and an upstream; what tests need to know is in the environment.
 */
export default async function start(): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), "caracal-console-"));
  const program = resolve(process.env["CARACALD"] ?? "../target/debug/caracald");
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [address, secure] = [`http://localhost:${port}`, `https://localhost:${tlsPort}`];
  const identity = await identityProvider(join(home, "identity"), address);
  const running: Running[] = [];
  const servers: Server[] = [];
  const stop = async () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    identity.process.kill("SIGTERM");
    for (const one of running.reverse()) await one.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const shared = { CARACAL_MODE: "dev", CARACAL_TLS_EXTRA_CA_FILE: identity.authority };
    const settings = {
      ...shared,
      CARACAL_PRIVATE_EGRESS_HOSTS: "localhost",
      CONSOLE_URL: address,
      CONSOLE_OIDC_ISSUER: identity.issuer,
      CONSOLE_OIDC_CLIENT_ID: "console",
      CONSOLE_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      CONSOLE_OIDC_NAME: "Example",
      CONSOLE_MAIL_DIR: join(home, "mail"),
    };
    const deploy = process.env["E2E_DEPLOYMENT"] === "production" ? production : embedded;
    const deployment = await deploy(program, home, settings);
    running.push(deployment);
    const { endpoints } = deployment;
    const bearer = join(home, "secrets/metricsBearer");
    const replica = async (at: number, url: string, more: Record<string, string> = {}) => {
      const one = await web(program, at, endpoints, {
        ...shared,
        CARACAL_HOME: join(home, `web-${at}`),
        CONSOLE_URL: url,
        ...(existsSync(bearer) ? { METRICS_BEARER_FILE: bearer } : {}),
        ...more,
      });
      running.push(one);
      return one.endpoints["web"] ?? "";
    };
    const replicas = [
      endpoints["web"] ?? (await replica(await freePort(), address)),
      await replica(await freePort(), address),
    ];
    await replica(tlsPort, secure, {
      TLS_CERT_FILE: join(home, "identity/certificate.pem"),
      TLS_KEY_FILE: join(home, "identity/key.pem"),
    });
    const server = await upstream();
    servers.push(await front(port, replicas), server);
    await until("a ready console", async () => {
      const answer = await fetch(`${replicas[0]}/ready`).catch(() => undefined);
      return answer?.ok ? true : undefined;
    });
    process.env["E2E_WEB"] = address;
    process.env["E2E_WEB_REPLICAS"] = replicas.join(" ");
    process.env["E2E_WEB_TLS"] = secure;
    process.env["E2E_IDENTITY"] = identity.plain;
    process.env["E2E_ISSUER"] = identity.issuer;
    for (const role of ["api", "sts", "gateway", "coordinator", "audit"])
      process.env[`E2E_${role.toUpperCase()}`] = endpoints[role] ?? "";
    process.env["E2E_UPSTREAM"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env["E2E_HOME"] = home;
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
