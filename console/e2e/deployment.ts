import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type Environment = Readonly<Record<string, string>>;

/** Where each role answers, by its name in small letters. */
export type Endpoints = Readonly<Record<string, string>>;

/** Roles that run, and how to end them. */
export type Running = { readonly endpoints: Endpoints; readonly stop: () => Promise<void> };

const ROLES = ["API", "STS", "GATEWAY", "COORDINATOR", "AUDIT", "WEB"];

export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let times = 0; times < 1_200; times++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(100);
  }
  throw new Error(`${what} did not happen within two minutes`);
}

const ended = (one: ChildProcess): boolean => one.exitCode !== null || one.signalCode !== null;

function start(program: string, args: readonly string[], environment: Environment): ChildProcess {
  return spawn(program, args, {
    stdio: process.env["VERBOSE"] ? "inherit" : "ignore",
    env: { ...process.env, ...environment },
  });
}

async function stop(one: ChildProcess): Promise<void> {
  one.kill("SIGTERM");
  await until("the end of a process", () => (ended(one) ? true : undefined));
}

/** What runs has said where its roles are. */
async function saidWhere(home: string, one: ChildProcess): Promise<Endpoints> {
  const file = join(home, "endpoints.json");
  return await until("the start of the roles", () => {
    if (ended(one)) throw new Error(`what starts the roles ended with ${one.exitCode}`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Endpoints) : undefined;
  });
}

/** Every role in one process, over SQLite. */
export async function embedded(program: string, home: string, environment: Environment): Promise<Running> {
  const daemon = start(program, ["serve", "all"], {
    ...Object.fromEntries(ROLES.map((role) => [`CARACAL_${role}_LISTEN`, "127.0.0.1:0"])),
    ...environment,
    CARACAL_HOME: home,
  });
  try {
    return { endpoints: await saidWhere(home, daemon), stop: () => stop(daemon) };
  } catch (error) {
    await stop(daemon);
    throw error;
  }
}

/** A process for each role but the web, over a PostgreSQL and a Redis of its own. */
export async function production(program: string, home: string, environment: Environment): Promise<Running> {
  const script = start("../scripts/dev-production.sh", ["up", join(program, "..")], {
    ...environment,
    CARACAL_PRODUCTION_HOME: home,
    CARACAL_PRODUCTION_PORTS: "any",
    // Nobody spreads a load here who would have to notice the end first.
    SHUTDOWN_DELAY_MS: "0",
    CARACAL_PRIVATE_EGRESS_HOSTS: "localhost,127.0.0.1",
  });
  try {
    const endpoints = await saidWhere(home, script);
    await keepSetupLink(endpoints["api"] ?? "", home);
    return { endpoints, stop: () => stop(script) };
  } catch (error) {
    await stop(script);
    throw error;
  }
}

/** The link that makes the first owner, where the embedded deployment leaves it by itself. */
async function keepSetupLink(api: string, home: string): Promise<void> {
  const token = readFileSync(join(home, "secrets/caracalAdminToken"), "utf8").trim();
  const made = await fetch(`${api}/v1/console/setup-links`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  if (!made.ok) throw new Error(`no link for the first owner: ${made.status} ${await made.text()}`);
  writeFileSync(join(home, "setup-link"), String((await made.json()).link));
}

/** A replica of the role web at a port, before the roles of a deployment; it keeps nothing. */
export async function web(
  program: string,
  port: number,
  endpoints: Endpoints,
  environment: Environment,
): Promise<Running> {
  const urls = ["api", "sts", "gateway", "coordinator", "audit"].map(
    (role) => [`CARACAL_${role.toUpperCase()}_URL`, endpoints[role] ?? ""] as const,
  );
  const replica = start(program, ["serve", "web"], {
    ...Object.fromEntries(urls),
    // Beside the roles it is a process of its own, whatever these are: only such a one speaks TLS.
    CARACAL_STORAGE: "production",
    ...environment,
    CARACAL_WEB_LISTEN: `127.0.0.1:${port}`,
  });
  const place = `${environment["TLS_CERT_FILE"] ? "https" : "http"}://localhost:${port}`;
  try {
    await until("a ready console", async () => {
      if (ended(replica)) throw new Error(`the console ended with ${replica.exitCode}`);
      return (await isReady(place)) || undefined;
    });
    return { endpoints: { web: place }, stop: () => stop(replica) };
  } catch (error) {
    await stop(replica);
    throw error;
  }
}

const isReady = (place: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { get } = place.startsWith("https") ? https : http;
    const asked = get(`${place}/ready`, { rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on("error", () => resolve(false));
  });
