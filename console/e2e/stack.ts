import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CLIENT_SECRET, identityProvider } from "./identity.ts";

const ROLES = ["API", "STS", "GATEWAY", "COORDINATOR", "AUDIT", "WEB"];

async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let times = 0; times < 600; times++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(100);
  }
  throw new Error(`${what} did not happen within a minute`);
}

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

/** Starts the daemon, an identity provider and an upstream; what tests need to know is in the environment. */
export default async function start(): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), "caracal-console-"));
  const program = process.env["CARACALD"] ?? "../target/debug/caracald";
  const port = await freePort();
  const web = `http://localhost:${port}`;
  const identity = await identityProvider(join(home, "identity"), web);
  const daemon: ChildProcess = spawn(program, ["serve", "all"], {
    stdio: process.env["VERBOSE"] ? "inherit" : "ignore",
    env: {
      ...process.env,
      CARACAL_HOME: home,
      CARACAL_MODE: "dev",
      ...Object.fromEntries(ROLES.map((role) => [`CARACAL_${role}_LISTEN`, "127.0.0.1:0"])),
      CARACAL_WEB_LISTEN: `127.0.0.1:${port}`,
      CONSOLE_URL: web,
      CONSOLE_OIDC_ISSUER: identity.issuer,
      CONSOLE_OIDC_CLIENT_ID: "console",
      CONSOLE_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      CONSOLE_OIDC_NAME: "Example",
      CONSOLE_MAIL_DIR: join(home, "mail"),
      CARACAL_PRIVATE_EGRESS_HOSTS: "localhost",
      CARACAL_TLS_EXTRA_CA_FILE: identity.authority,
    },
  });
  const stop = async (server?: Server) => {
    server?.close();
    identity.process.kill("SIGTERM");
    daemon.kill("SIGTERM");
    await until("the end of the daemon", () =>
      daemon.exitCode === null && daemon.signalCode === null ? undefined : true,
    );
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const file = join(home, "endpoints.json");
    const endpoints = await until("the start of the daemon", () => {
      if (daemon.exitCode !== null) throw new Error(`the daemon ended with ${daemon.exitCode}`);
      return existsSync(file)
        ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>)
        : undefined;
    });
    await until("a ready console", async () => {
      const answer = await fetch(`${web}/ready`).catch(() => undefined);
      return answer?.ok ? true : undefined;
    });
    const server = await upstream();
    process.env["E2E_WEB"] = web;
    process.env["E2E_IDENTITY"] = identity.plain;
    process.env["E2E_ISSUER"] = identity.issuer;
    for (const role of ["api", "sts", "gateway", "coordinator", "audit"])
      process.env[`E2E_${role.toUpperCase()}`] = endpoints[role] ?? "";
    process.env["E2E_UPSTREAM"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env["E2E_HOME"] = home;
    return () => stop(server);
  } catch (error) {
    await stop();
    throw error;
  }
}
