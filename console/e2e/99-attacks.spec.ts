import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { admin, asOwner, at, makeAccount, makeZone, signIn, somebody } from "./people.ts";

/** A page of another site: by its address, and so for cookies. */
async function anotherSite(body: string): Promise<[address: string, server: Server]> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>another site</title>${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server];
}

async function zoneNames(): Promise<string[]> {
  const { items } = await (await (await admin()).get("/v1/zones")).json();
  return items.map((zone: { name: string }) => zone.name);
}

test("a page of another site neither frames the console nor acts in it, whoever is signed in", async ({
  page,
}) => {
  await asOwner(page);
  const web = at("web");
  const zones = `${web}/api/control/v1/zones`;
  const [evil, server] = await anotherSite(`
    <iframe src="${web}/zones"></iframe>
    <form method="post" action="${zones}" enctype="text/plain">
      <input name='{"name":"forged by a form","slug":"' value='forged"}'>
    </form>`);
  try {
    const refused = page.waitForEvent("console", (message) =>
      /frame-ancestors|X-Frame-Options/i.test(message.text()),
    );
    await page.goto(evil);
    await refused;
    for (const frame of page.frames().slice(1))
      await expect(frame.getByRole("heading", { name: "Zones" })).toHaveCount(0);

    const answers = await page.evaluate(async (address) => {
      const tried = async (init: RequestInit) => {
        try {
          const answer = await fetch(address, { credentials: "include", ...init });
          return `answered: ${answer.type}`;
        } catch {
          return "refused";
        }
      };
      const body = JSON.stringify({ name: "forged by a script" });
      return [
        await tried({}),
        await tried({ method: "POST", body, mode: "no-cors", headers: { "content-type": "text/plain" } }),
        await tried({ method: "POST", body, headers: { "x-caracal-console": "1" } }),
      ];
    }, zones);
    expect(answers).toEqual(["refused", "refused", "refused"]);
    const navigated = page.waitForResponse(zones);
    await page.evaluate(() => document.querySelector("form")?.submit());
    expect((await navigated).status()).toBe(403);
    expect((await zoneNames()).filter((name) => name.startsWith("forged"))).toEqual([]);
  } finally {
    server.close();
  }
});

test("whoever signs out leaves nothing behind for the next one at the machine", async ({ browser }) => {
  await makeAccount("leaving@example.com", "viewer");
  await makeZone("Nobody else's business");
  const page = await somebody(browser, "leaving@example.com");
  await page.goto(`${at("web")}/zones`);
  await expect(page.getByRole("link", { name: "Nobody else's business" })).toBeVisible();
  const before = await page.context().cookies();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL(/sign-in/);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in to Caracal" })).toBeVisible();
  await expect(page.getByText("Nobody else's business")).toHaveCount(0);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(kept).not.toContain("business");
  // Nor is what was the session good for anything to whoever copied it.
  await page.context().addCookies(before);
  const me = await page.context().request.get(`${at("web")}/api/control/v1/console/me`);
  expect(me.status()).toBe(401);
});

test("a session that somebody planted is nobody's after the sign-in", async ({ browser }) => {
  await makeAccount("planted@example.com", "viewer");
  const context = await browser.newContext();
  const page = await context.newPage();
  const planted = `ccs_${"A".repeat(43)}`;
  await context.addCookies([{ name: "caracal-session", value: planted, url: at("web") }]);
  await signIn(page, "planted@example.com", "?return=%2F%5Cevil.example");
  expect(new URL(page.url()).origin).toBe(at("web"));
  const sessions = (await context.cookies()).filter((cookie) => cookie.name === "caracal-session");
  expect(sessions).toHaveLength(1);
  expect(sessions[0]?.value).not.toBe(planted);
  expect(sessions[0]).toMatchObject({ httpOnly: true, sameSite: "Strict" });
});
