import { type BrowserContext, expect, type Page, request, test } from "@playwright/test";
import { comes } from "./identity.ts";
import { admin, asOwner, at, makeZone } from "./people.ts";

/** An account that somebody at the provider is invited to. */
async function invite(email: string, role: string): Promise<void> {
  const api = await admin();
  const made = await api.post("/v1/accounts", { data: { email, name: role, role } });
  expect(made.status()).toBe(201);
}

async function cookie(context: BrowserContext, name: string) {
  return (await context.cookies()).find((one) => one.name === name);
}

/** Goes to the provider and comes back, and hands nothing in: the address that they came back to. */
async function awayWithoutHandingIn(page: Page): Promise<URL> {
  const handed = page.waitForRequest("**/api/session/single-sign-on");
  await page.route("**/api/session/single-sign-on", (route) => route.abort());
  await page.goto(`${at("web")}/sign-in`);
  await page.getByRole("button", { name: "Continue with Example" }).press("Enter");
  const answer: Record<string, string> = (await handed).postDataJSON();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.unroute("**/api/session/single-sign-on");
  return new URL(`${at("web")}/sign-in/callback?${new URLSearchParams(answer)}`);
}

test("somebody signs in at the identity provider, comes back to where they were, and signs out of both", async ({
  browser,
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Sign-in");
  await invite("alice@example.com", "auditor");
  const context = await browser.newContext();
  const alice = await context.newPage();
  // A session and a secret that somebody planted are not those that are used afterwards.
  const planted = ["caracal-session", "caracal-begun"].map((name) => ({
    name,
    value: "planted",
    url: at("web"),
  }));
  await context.addCookies(planted);
  await comes({ sub: "alice", email: "alice@example.com", email_verified: true, name: "Alice" });
  await alice.goto(`${at("web")}/z/${zone}/audit?decision=deny`);
  await expect(alice).toHaveURL(/sign-in\?return=/);
  await alice.getByRole("button", { name: "Continue with Example" }).press("Enter");
  await expect(alice).toHaveURL(new RegExp(`/z/${zone}/audit\\?decision=deny`));

  const session = await cookie(context, "caracal-session");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(session?.value).toMatch(/^ccs_/);
  expect(await cookie(context, "caracal-begun"), "it is good for one answer").toBeUndefined();
  const seen = await alice.evaluate(() =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      history.state,
      location.href,
    ]),
  );
  for (const secret of ["ccs_", "code=", "state="]) expect(seen).not.toContain(secret);
  await alice.goBack();
  expect(alice.url(), "the code is in no history").not.toContain("code=");

  await alice.goto(`${at("web")}/settings`);
  await expect(alice.getByRole("cell", { name: "single sign-on" })).toBeVisible();
  await alice.getByRole("button", { name: "Sign out", exact: true }).first().click();
  // The provider asks, and sends back.
  await alice.getByRole("button", { name: /sign me out/i }).click();
  await expect(alice).toHaveURL(`${at("web")}/sign-in`);
  expect(await cookie(context, "caracal-session")).toBeUndefined();
  await context.close();
});

test("an answer is worth nothing in another browser, twice, or after a refusal", async ({
  browser,
  page,
}) => {
  await asOwner(page);
  await invite("bob@example.com", "viewer");
  await comes({ sub: "bob", email: "bob@example.com", email_verified: true });
  const own = await browser.newContext();
  const bob = await own.newPage();
  const back = await awayWithoutHandingIn(bob);

  // Whoever is lured to the address of somebody else's sign-in stays who they are.
  const other = await browser.newContext();
  const mallory = await other.newPage();
  await mallory.goto(back.href);
  await expect(mallory.getByRole("alert")).toContainText("not begun in this browser");
  expect(await cookie(other, "caracal-session")).toBeUndefined();
  const begunByMallory = await awayWithoutHandingIn(mallory);
  await mallory.goto(back.href);
  await expect(mallory.getByRole("alert")).toContainText("not begun in this browser");
  expect(begunByMallory.searchParams.get("state")).not.toBe(back.searchParams.get("state"));
  await other.close();

  await bob.goto(back.href);
  await expect(bob.getByRole("button", { name: "Sign out", exact: true }).first()).toBeVisible();
  await bob.goto(back.href);
  await expect(bob.getByRole("alert")).toContainText("not begun in this browser");
  await own.close();

  // Nobody whom nobody invited comes in, and the page says what to do.
  await comes({ sub: "eve", email: "eve@example.com", email_verified: true });
  const strangers = await browser.newContext();
  const eve = await strangers.newPage();
  await eve.goto(`${at("web")}/sign-in`);
  await eve.getByRole("button", { name: "Continue with Example" }).click();
  await expect(eve.getByRole("alert")).toContainText("nobody invited you", { ignoreCase: true });
  expect(await cookie(strangers, "caracal-session")).toBeUndefined();
  await eve.getByRole("link", { name: "Go to the sign-in page" }).click();
  await expect(eve.getByRole("heading", { name: "Sign in to Caracal" })).toBeVisible();
  await strangers.close();
});

test("a sign-in is begun and finished by the console's own pages alone", async ({ page }) => {
  const web = at("web");
  const http = await request.newContext();
  const ours = { "x-caracal-console": "1", origin: web };
  for (const path of ["/api/session/single-sign-on/begin", "/api/session/single-sign-on"]) {
    for (const headers of [
      { origin: web },
      { ...ours, origin: "https://evil.example" },
      { "x-caracal-console": "1" },
      { ...ours, "sec-fetch-site": "cross-site" },
    ]) {
      const answer = await http.post(`${web}${path}`, { headers, data: {} });
      expect(answer.status(), JSON.stringify(headers)).toBe(403);
    }
    expect((await http.get(`${web}${path}`)).status()).toBe(404);
  }
  // What a browser keeps never goes to a page.
  for (const path of ["begin", "finish"]) {
    const answer = await http.post(`${web}/api/control/v1/console/single-sign-on/${path}`, {
      headers: ours,
      data: {},
    });
    expect(answer.status()).toBe(404);
  }
  const begun = await http.post(`${web}/api/session/single-sign-on/begin`, { headers: ours, data: {} });
  expect(Object.keys(await begun.json())).toEqual(["authorization_url"]);
  expect(begun.headers()["set-cookie"]).toMatch(
    /caracal-begun=[^;]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict/,
  );
  // A secret in the body is nobody's.
  const forged = await http.post(`${web}/api/session/single-sign-on`, {
    headers: { ...ours, cookie: "" },
    data: { browser: "A".repeat(43), state: "x", code: "y" },
  });
  expect(forged.status()).toBe(400);
  await page.goto(`${web}/sign-in/callback?state=a&state=b&code=c`);
  await expect(page.getByRole("alert")).toContainText("sent nothing along");
});
