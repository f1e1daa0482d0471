import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type APIRequestContext,
  type Browser,
  type BrowserContext,
  expect,
  type Page,
  request,
} from "@playwright/test";

export const PASSWORD = "correct horse battery staple";
export const OWNER = "ada@example.com";

/** Where a role answers. */
export function at(role: string): string {
  return process.env[`E2E_${role.toUpperCase()}`] ?? "";
}

function kept(name: string): string {
  return readFileSync(join(process.env["E2E_HOME"] ?? "", name), "utf8").trim();
}

/** The link that makes the first owner, as `caracal up` prints it. */
export function setupLink(): string {
  return `${at("web")}/link#${kept("setup-link")}`;
}

/** The Control API with the deployment's own token. */
export async function admin(): Promise<APIRequestContext> {
  return await request.newContext({
    baseURL: at("api"),
    extraHTTPHeaders: { authorization: `Bearer ${kept("secrets/caracalAdminToken")}` },
  });
}

/** The Audit service with the operator's token. */
export async function audit(): Promise<APIRequestContext> {
  return await request.newContext({
    baseURL: at("audit"),
    extraHTTPHeaders: { authorization: `Bearer ${kept("secrets/auditAdminToken")}` },
  });
}

/** Cookies of the owner's browser, and since when they are signed in. */
let ownersBrowser: { cookies: Awaited<ReturnType<BrowserContext["cookies"]>>; since: number } | undefined;

/** As long as everything may be done that needs a fresh sign-in. */
const FRESH_MS = 8 * 60_000;

/**
 * Makes the first owner, or goes on in their browser: somebody who signs in anew for each story is soon taken for somebody who
 * guesses.
 */
export async function asOwner(page: Page): Promise<void> {
  const context = page.context();
  if (ownersBrowser && Date.now() - ownersBrowser.since < FRESH_MS) {
    await context.addCookies(ownersBrowser.cookies);
    if ((await context.request.get(`${at("web")}/api/control/v1/console/me`)).ok()) {
      await page.goto(`${at("web")}/zones`);
      return;
    }
  }
  const setup = await (await fetch(`${at("api")}/v1/console/setup`)).json();
  if (setup.needed) await makeOwner(page);
  else await signIn(page, OWNER);
  ownersBrowser = { cookies: await context.cookies(), since: Date.now() };
}

async function makeOwner(page: Page): Promise<void> {
  await page.goto(setupLink());
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("E-mail address").fill(OWNER);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("The password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.waitForURL(/\/(zones|z\/)/);
}

export async function signIn(page: Page, email: string, back = ""): Promise<void> {
  await page.goto(`${at("web")}/sign-in${back}`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).not.toHaveURL(/sign-in/);
}

/** A zone made beside the console. */
export async function makeZone(name: string): Promise<string> {
  const api = await admin();
  const answer = await api.post("/v1/zones", { data: { name } });
  expect(answer.status()).toBe(201);
  return (await answer.json()).id;
}

/** An account of a role that has a password. */
export async function makeAccount(email: string, role: string, zones?: string[]): Promise<void> {
  const api = await admin();
  const made = await api.post("/v1/accounts", {
    data: { email, name: role, role, ...(zones ? { zones } : {}) },
  });
  expect(made.status()).toBe(201);
  const { link } = await made.json();
  const used = await api.post("/v1/console/links/use", { data: { link: link.link, password: PASSWORD } });
  expect(used.status()).toBe(201);
}

/** Somebody else's browser. */
export async function somebody(browser: Browser, email: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await signIn(page, email);
  return page;
}
