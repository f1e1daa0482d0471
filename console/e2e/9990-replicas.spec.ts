import { type APIResponse, expect, request, test } from "@playwright/test";
import { admin, asOwner, at, makeAccount, makeZone, PASSWORD, somebody } from "./people.ts";

const REPLICAS = (): readonly string[] => (process.env["E2E_WEB_REPLICAS"] ?? "").split(" ");

/** Somebody's browser, as far as one replica or another sees it. */
class Browsing {
  private session = "";
  private readonly host = new URL(at("web")).host;

  /** Asks one replica by the name that browsers have for all of them. */
  async ask(replica: string, method: string, path: string, data?: unknown): Promise<APIResponse> {
    const http = await request.newContext();
    return await http.fetch(`${replica}${path}`, {
      method,
      headers: {
        host: this.host,
        origin: at("web"),
        "x-caracal-console": "1",
        ...(this.session ? { cookie: `caracal-session=${this.session}` } : {}),
      },
      ...(data === undefined ? {} : { data }),
    });
  }

  async signIn(replica: string, email: string): Promise<void> {
    const answer = await this.ask(replica, "POST", "/api/session", { email, password: PASSWORD });
    expect(answer.status(), await answer.text()).toBe(200);
    this.session = /caracal-session=([^;]+)/.exec(answer.headers()["set-cookie"] ?? "")?.[1] ?? "";
    expect(this.session).toMatch(/^ccs_/);
  }

  async me(replica: string): Promise<number> {
    return (await this.ask(replica, "GET", "/api/control/v1/console/me")).status();
  }
}

test("who signed in at one replica acts at the other, until they sign out at either", async () => {
  const [one = "", two = ""] = REPLICAS();
  expect(two).not.toBe(one);
  await makeAccount("both@example.com", "admin");
  const browser = new Browsing();
  await browser.signIn(one, "both@example.com");
  expect([await browser.me(one), await browser.me(two)]).toEqual([200, 200]);
  const made = await browser.ask(two, "POST", "/api/control/v1/zones", { name: "Made at the other" });
  expect(made.status()).toBe(201);
  const seen = await browser.ask(one, "GET", `/api/control/v1/zones/${(await made.json()).id}`);
  expect(seen.status()).toBe(200);
  const out = await browser.ask(two, "DELETE", "/api/session");
  expect(out.ok(), await out.text()).toBe(true);
  expect([await browser.me(one), await browser.me(two)]).toEqual([401, 401]);
});

test("a session that is ended, an account that is locked and a role that is taken away count at both at once", async () => {
  const [one = "", two = ""] = REPLICAS();
  await makeAccount("ended@example.com", "admin");
  const [here, elsewhere] = [new Browsing(), new Browsing()];
  await here.signIn(one, "ended@example.com");
  await elsewhere.signIn(two, "ended@example.com");
  expect((await here.ask(two, "DELETE", "/api/control/v1/console/sessions")).ok()).toBe(true);
  expect([await elsewhere.me(one), await elsewhere.me(two)]).toEqual([401, 401]);
  expect([await here.me(one), await here.me(two)]).toEqual([200, 200]);

  const api = await admin();
  const { items } = await (await api.get("/v1/accounts?limit=500")).json();
  const account = items.find((one: { email: string }) => one.email === "ended@example.com");
  const change = async (data: unknown) =>
    expect((await api.patch(`/v1/accounts/${account.id}`, { data })).ok(), JSON.stringify(data)).toBe(true);
  await change({ role: "viewer" });
  for (const replica of [one, two])
    expect((await here.ask(replica, "POST", "/api/control/v1/zones", { name: "too late" })).status()).toBe(
      403,
    );
  await change({ locked: true });
  expect([await here.me(one), await here.me(two)]).toEqual([401, 401]);
});

test("a page that is open follows through both, and is signed out by both", async ({ browser, page }) => {
  await asOwner(page);
  const zone = await makeZone("Behind two replicas");
  await makeAccount("open@example.com", "admin");
  const open = await somebody(browser, "open@example.com");
  await open.goto(`${at("web")}/z/${zone}/audit?view=live`);
  await expect(open.locator("main .pulse")).toHaveText("Live");
  // Every file, query and stream of a page comes from one or the other.
  for (const place of ["applications", "policies", "sessions", "approvals"]) {
    await open.goto(`${at("web")}/z/${zone}/${place}`);
    await expect(open.locator("main h1")).toBeVisible();
    await expect(open.getByLabel("Loading")).toHaveCount(0);
    await expect(open.getByRole("alert")).toHaveCount(0);
  }
  const again = new Browsing();
  await again.signIn(REPLICAS()[1] ?? "", "open@example.com");
  expect((await again.ask(REPLICAS()[0] ?? "", "DELETE", "/api/control/v1/console/sessions")).ok()).toBe(
    true,
  );
  await open.reload();
  await expect(open.getByRole("heading", { name: "Sign in to Caracal" })).toBeVisible();
  await open.context().close();
});
