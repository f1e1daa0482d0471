import { expect, request, test } from "@playwright/test";
import { admin, asOwner, at, makeAccount, makeZone, OWNER, PASSWORD, signIn, somebody } from "./people.ts";

test("a role that may not act sees why, and a zone viewer sees no other zone", async ({ page, browser }) => {
  await asOwner(page);
  const own = await makeZone("Own zone");
  const other = await makeZone("Another zone");
  await makeAccount("viewer@example.com", "viewer", [own]);
  await makeAccount("auditor@example.com", "auditor");

  const viewer = await somebody(browser, "viewer@example.com");
  await expect(viewer.getByLabel("Zone", { exact: true }).locator("option")).toHaveText(["Own zone"]);
  await viewer.goto(`${at("web")}/z/${own}/applications`);
  const make = viewer.getByRole("button", { name: "New application" }).first();
  await expect(make).toHaveAttribute("aria-disabled", "true");
  await expect(make).toHaveAttribute("title", /viewer, does not let you/);
  await viewer.goto(`${at("web")}/z/${own}/audit`);
  await expect(viewer.getByRole("heading", { name: "You may not see this" })).toBeVisible();
  await viewer.goto(`${at("web")}/z/${other}`);
  await expect(viewer.getByRole("heading", { name: "You may not see this" })).toBeVisible();

  const auditor = await somebody(browser, "auditor@example.com");
  await auditor.goto(`${at("web")}/z/${own}/audit`);
  await expect(auditor.getByRole("heading", { name: "No such event" })).toBeVisible();
  await auditor.goto(`${at("web")}/z/${own}/subjects`);
  await expect(auditor.getByRole("button", { name: "Keep somebody out…" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  // The services refuse as well, whatever a page lets through.
  const status = await auditor.evaluate(async (zone) => {
    const answer = await fetch(`/api/control/v1/zones/${zone}/applications`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-caracal-console": "1" },
      body: JSON.stringify({ name: "x", registration_method: "managed" }),
    });
    return [answer.status, (await answer.json()).error];
  }, own);
  expect(status).toEqual([403, "account_role_forbidden"]);
});

test("another site, another host, another account and another page get nothing", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const web = at("web");
  const cookies = await page.context().cookies();
  const session = cookies.find((cookie) => cookie.name === "caracal-session");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  // The token is in no storage and in no answer that a script can read.
  const seen = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  expect(seen).not.toContain("ccs_");

  const http = await request.newContext({
    extraHTTPHeaders: { cookie: `caracal-session=${session?.value}` },
  });
  const ours = { "x-caracal-console": "1", origin: web };
  const attempts: Array<[string, Record<string, string>, number]> = [
    ["our own page", ours, 201],
    ["no header of ours", { origin: web }, 403],
    ["another site", { ...ours, origin: "https://evil.example" }, 403],
    ["no site", { "x-caracal-console": "1" }, 403],
    ["another site, as browsers say", { ...ours, "sec-fetch-site": "cross-site" }, 403],
    ["another host", { ...ours, host: "evil.example" }, 421],
  ];
  for (const [what, headers, status] of attempts) {
    const answer = await http.post(`${web}/api/control/v1/zones`, {
      headers,
      data: { name: "made by a script" },
    });
    expect(answer.status(), what).toBe(status);
  }
  const leaving = await http.get(`${web}/api/control/v1/%2e%2e/metrics`);
  expect(leaving.status()).toBe(404);
  const token = await http.post(`${web}/api/control/v1/console/sign-in`, {
    headers: ours,
    data: { email: OWNER, password: PASSWORD },
  });
  expect(token.status(), "the token never goes to a page").toBe(404);

  const shell = await http.get(`${web}/`);
  const policy = shell.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(shell.headers()["x-frame-options"]).toBe("DENY");

  // Signing in leads back to where somebody was, and never to another site.
  await page.context().clearCookies();
  await signIn(page, OWNER, "?return=https%3A%2F%2Fevil.example%2F");
  expect(new URL(page.url()).origin).toBe(web);
  // A session that somebody planted is not the one that is used afterwards.
  const again = await page.context().cookies();
  expect(again.find((cookie) => cookie.name === "caracal-session")?.value).not.toBe(session?.value);

  // Another account's session cannot be ended.
  await makeAccount("mallory@example.com", "admin");
  const mallory = await somebody(browser, "mallory@example.com");
  const mine = await page.evaluate(
    async () => (await (await fetch("/api/control/v1/console/me")).json()).session.id,
  );
  const taken = await mallory.evaluate(async (id) => {
    const answer = await fetch(`/api/control/v1/console/sessions/${id}`, {
      method: "DELETE",
      headers: { "x-caracal-console": "1" },
    });
    return answer.status;
  }, mine);
  expect(taken).toBe(404);
});

test("a name is text, whatever it holds", async ({ page }) => {
  await asOwner(page);
  const evil = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>\u05d0evil`;
  const zone = await makeZone(evil);
  const api = await admin();
  const base = `/v1/zones/${zone}`;
  await api.post(`${base}/applications`, {
    data: { name: evil.repeat(2).slice(0, 200), registration_method: "managed" },
  });
  await api.post(`${base}/policies`, {
    data: {
      name: evil,
      content: `# ${evil}\n# caracal:data-document\npackage caracal.authz\nimport rego.v1\ngrants := {}\n`,
    },
  });
  for (const path of ["", "/applications", "/policies", "/audit"]) {
    await page.goto(`${at("web")}/z/${zone}${path}`);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
  }
  await page.goto(`${at("web")}/z/${zone}/applications`);
  await page.locator("td .cover").first().click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(await page.evaluate(() => (window as { broken?: number }).broken)).toBeUndefined();
});
