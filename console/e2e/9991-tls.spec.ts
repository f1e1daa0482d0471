import { expect, test } from "@playwright/test";
import { asOwner, at, makeAccount, PASSWORD } from "./people.ts";

const TLS = () => process.env["E2E_WEB_TLS"] ?? "";

test("behind TLS every answer asks for TLS from then on, and without it none does", async ({ request }) => {
  for (const path of [
    "/",
    "/sign-in",
    "/assets/nothing.js",
    "/api/control/v1/console/setup",
    "/api/nothing",
  ]) {
    const [secure, plain] = [await request.get(`${TLS()}${path}`), await request.get(`${at("web")}${path}`)];
    expect(secure.status(), path).toBe(plain.status());
    expect(secure.headers()["strict-transport-security"], path).toBe("max-age=63072000; includeSubDomains");
    expect(plain.headers()["strict-transport-security"], path).toBeUndefined();
  }
  // Nor does anybody get an answer in plain HTTP where TLS is spoken.
  await expect(request.get(TLS().replace("https:", "http:"), { timeout: 5_000 })).rejects.toThrow();
});

test("behind TLS cookies are of this host and of TLS alone, and those of a neighbour count for nothing", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  await makeAccount("secure@example.com", "viewer");
  const context = await browser.newContext();
  const tab = await context.newPage();
  // A page of a neighbouring host, or without TLS, may plant the plain name, and never the guarded one.
  const planted = `ccs_${"A".repeat(43)}`;
  await context.addCookies([{ name: "caracal-session", value: planted, url: TLS() }]);
  await tab.goto(`${TLS()}/sign-in?return=%2Fsettings`);
  await tab.getByLabel("E-mail address").fill("secure@example.com");
  await tab.getByLabel("Password").fill(PASSWORD);
  await tab.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(tab).toHaveURL(`${TLS()}/settings`);
  const cookies = (await context.cookies(TLS())).filter(({ name }) => name.startsWith("__Host-"));
  expect(cookies.map(({ name }) => name).sort()).toEqual(["__Host-caracal-device", "__Host-caracal-session"]);
  for (const cookie of cookies)
    expect(cookie).toMatchObject({
      httpOnly: true,
      secure: true,
      sameSite: "Strict",
      path: "/",
      domain: "localhost",
    });
  const session = cookies.find(({ name }) => name === "__Host-caracal-session")?.value ?? "";
  expect(session).toMatch(/^ccs_/);
  expect(session).not.toBe(planted);

  const me = `${TLS()}/api/control/v1/console/me`;
  const asks = async (cookie: string) => (await tab.request.fetch(me, { headers: { cookie } })).status();
  await context.clearCookies();
  expect(await asks(`__Host-caracal-session=${session}`)).toBe(200);
  expect(await asks(`caracal-session=${session}`), "the plain name").toBe(401);
  expect(await asks(`__Host-caracal-session=${planted}; __Host-caracal-session=${session}`), "two").toBe(401);

  // Signing out takes both away by the same rules.
  const out = await tab.request.fetch(`${TLS()}/api/session`, {
    method: "DELETE",
    headers: { cookie: `__Host-caracal-session=${session}`, origin: TLS(), "x-caracal-console": "1" },
  });
  expect(out.ok()).toBe(true);
  expect(out.headers()["set-cookie"]).toMatch(
    /__Host-caracal-session=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict; Secure/,
  );
  expect(await asks(`__Host-caracal-session=${session}`)).toBe(401);
  await context.close();
});

test("a page without TLS acts in nothing behind TLS", async ({ request }) => {
  const answer = await request.post(`${TLS()}/api/session`, {
    headers: { origin: TLS().replace("https:", "http:"), "x-caracal-console": "1" },
    data: { email: "secure@example.com", password: PASSWORD },
  });
  expect(answer.status()).toBe(403);
});
