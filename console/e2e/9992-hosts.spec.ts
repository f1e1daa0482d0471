import { connect } from "node:net";
import { expect, test } from "@playwright/test";
import { at } from "./people.ts";

/** What a replica answers to these lines, to the letter. */
function raw(lines: readonly string[]): Promise<string> {
  const replica = new URL((process.env["E2E_WEB_REPLICAS"] ?? "").split(" ").at(-1) ?? "");
  return new Promise((resolve, reject) => {
    let told = "";
    const socket = connect(Number(replica.port), "127.0.0.1", () =>
      socket.write(`${lines.join("\r\n")}\r\n\r\n`),
    );
    socket.on("data", (piece) => {
      told += piece.toString();
    });
    socket.on("end", () => resolve(told));
    socket.on("error", reject);
    socket.setTimeout(5_000, () => {
      socket.destroy();
      resolve(told);
    });
  });
}

const status = (told: string): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(told)?.[1]);

test("a host that is not the console's reaches nothing, however it is said", async () => {
  const ours = new URL(at("web")).host;
  const ask = (target: string, ...headers: string[]) =>
    raw([`GET ${target} HTTP/1.1`, ...headers, "connection: close"]);
  expect(status(await ask("/sign-in", `host: ${ours}`))).toBe(200);
  for (const [target, ...headers] of [
    ["/sign-in", "host: evil.example"],
    ["/sign-in", `host: ${ours}.evil.example`],
    ["/sign-in", `host: evil.example@${ours}`],
    ["/sign-in", `host: ${ours}@evil.example`],
    ["/sign-in", "host: localhost:1"],
    ["/sign-in", `host: ${ours}`, "host: evil.example"],
    ["/sign-in", "host: evil.example", `host: ${ours}`],
    ["/sign-in"],
    ["http://evil.example/sign-in", `host: ${ours}`],
    [`http://${ours}/sign-in`, "host: evil.example"],
    ["/api/control/v1/console/setup", "host: evil.example"],
    ["/assets/x.js", "host: evil.example"],
  ] as const) {
    const told = await ask(target, ...headers);
    expect([400, 421], `${target} ${headers.join(", ")}`).toContain(status(told));
    expect(told).not.toContain("<script");
  }
});

test("what a header says of another host is in no answer", async ({ request }) => {
  const says = {
    "x-forwarded-host": "evil.example",
    "x-host": "evil.example",
    "x-original-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "1",
    "x-rewrite-url": "/evil.example",
    forwarded: "host=evil.example;proto=https",
  };
  for (const path of ["/", "/sign-in", "/api/control/v1/console/setup", "/no/such/page"]) {
    const answer = await request.get(`${at("web")}${path}`, { headers: says, maxRedirects: 0 });
    expect(JSON.stringify(answer.headers()), path).not.toContain("evil.example");
    expect(await answer.text(), path).not.toContain("evil.example");
    // It says nothing of TLS that is not there.
    expect(answer.headers()["strict-transport-security"], path).toBeUndefined();
  }
  // Where a provider sends people back to is said by the deployment and nobody else.
  const begun = await request.post(`${at("web")}/api/session/single-sign-on/begin`, {
    headers: { ...says, origin: at("web"), "x-caracal-console": "1" },
    data: {},
  });
  expect(begun.ok()).toBe(true);
  const { authorization_url } = await begun.json();
  expect(new URL(authorization_url).searchParams.get("redirect_uri")).toBe(`${at("web")}/sign-in/callback`);
});

test("nobody is led to another site by an address of the console", async ({ page, request }) => {
  for (const path of [
    "//evil.example/",
    "/%2F/evil.example",
    "/\\evil.example",
    "/%5Cevil.example",
    "/.//evil.example",
  ]) {
    const answer = await request.get(`${at("web")}${path}`, { maxRedirects: 0 });
    expect(answer.headers()["location"], path).toBeUndefined();
    expect([200, 400, 404], path).toContain(answer.status());
  }
  for (const back of [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "javascript:window.broken=1",
    "data:text/html,evil",
  ]) {
    await page.goto(`${at("web")}/sign-in?return=${encodeURIComponent(back)}`);
    await expect(page.getByRole("heading", { name: "Sign in to Caracal" })).toBeVisible();
    // Nor does any link of the page lead there.
    const links = await page
      .locator("a[href]")
      .evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href));
    for (const link of links) expect(new URL(link).origin, back).toBe(at("web"));
  }
});
