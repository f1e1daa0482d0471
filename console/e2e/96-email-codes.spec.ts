import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page, request, test } from "@playwright/test";
import { admin, asOwner, at, makeAccount } from "./people.ts";

const mails = (): string[] => {
  const directory = join(process.env["E2E_HOME"] ?? "", "mail");
  return readdirSync(directory)
    .filter((name) => name.endsWith(".eml"))
    .map((name) => readFileSync(join(directory, name), "utf8"));
};

/** The code of the mail that is sent while `work` is done. */
async function codeOf(email: string, work: () => Promise<void>): Promise<string> {
  const before = new Set(mails());
  await work();
  let found = "";
  await expect(() => {
    found = mails().find((mail) => !before.has(mail) && mail.includes(`<${email}>`)) ?? "";
    expect(found).not.toBe("");
  }).toPass();
  return /is (\d{8})/.exec(found)?.[1] ?? "";
}

async function ask(page: Page, email: string): Promise<void> {
  await page.goto(`${at("web")}/sign-in`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Send me a code" }).press("Enter");
  await expect(page.getByRole("status")).toContainText("has an account here");
}

test("a code by mail signs in once, in the browser that asked, after a few tries at most", async ({
  browser,
  page,
}) => {
  await asOwner(page);
  await makeAccount("ivan@example.com", "viewer");
  const context = await browser.newContext();
  const ivan = await context.newPage();
  const code = await codeOf("ivan@example.com", () => ask(ivan, "ivan@example.com"));
  expect(code).toMatch(/^\d{8}$/);

  // Elsewhere it is worth nothing.
  const other = await browser.newContext();
  const mallory = await other.newPage();
  await ask(mallory, "ivan@example.com");
  await mallory.getByLabel("Code", { exact: true }).fill(code);
  await mallory.getByRole("button", { name: "Sign in with the code" }).press("Enter");
  await expect(mallory.getByRole("alert")).toContainText("not that of the mail");
  // Five tries, then it is over whatever is typed.
  for (let tries = 2; tries <= 5; tries++) {
    await mallory.getByRole("button", { name: "Sign in with the code" }).press("Enter");
    await expect(mallory.getByRole("button", { name: "Sign in with the code" })).not.toHaveAttribute(
      "aria-busy",
      "true",
    );
  }
  await mallory.getByRole("button", { name: "Sign in with the code" }).press("Enter");
  await expect(mallory.getByRole("alert")).toContainText("begin again");
  await other.close();

  // A slip of the finger is no end.
  await ivan.getByLabel("Code", { exact: true }).fill("00000000");
  await ivan.getByRole("button", { name: "Sign in with the code" }).press("Enter");
  await expect(ivan.getByRole("alert")).toContainText("not that of the mail");
  const cookies = await context.cookies();
  const begun = cookies.find((one) => one.name === "caracal-begun")?.value;
  const handed = ivan.waitForRequest("**/api/session/email-code");
  await ivan.getByLabel("Code", { exact: true }).fill(`${code.slice(0, 4)} ${code.slice(4)}`);
  await ivan.getByRole("button", { name: "Sign in with the code" }).press("Enter");
  await expect(ivan).not.toHaveURL(/sign-in/);
  const again = await request.newContext({ extraHTTPHeaders: { cookie: `caracal-begun=${begun}` } });
  const answer = await again.post(`${at("web")}/api/session/email-code`, {
    headers: { "x-caracal-console": "1", origin: at("web"), "content-type": "application/json" },
    data: (await handed).postData() ?? "",
  });
  expect(answer.status(), "a code is used once").toBe(400);
  await context.close();
});

test("nobody learns whether an address has an account", async ({ browser, page }) => {
  await asOwner(page);
  await makeAccount("judy@example.com", "viewer");
  const api = await admin();
  const http = await request.newContext();
  const asked = async (email: string) => {
    const answer = await http.post(`${at("web")}/api/session/email-code/begin`, {
      headers: { "x-caracal-console": "1", origin: at("web") },
      data: { email },
    });
    return [answer.status(), Object.keys(await answer.json()).sort()];
  };
  const before = mails().length;
  for (const email of ["judy@example.com", "nobody@example.com"]) {
    expect(await asked(email)).toEqual([200, ["state"]]);
    for (let more = 0; more < 4; more++) await asked(email);
    // Past the limit both are told the same too.
    expect((await asked(email))[0]).toBe(429);
  }
  await expect(() => expect(mails().length).toBe(before + 5)).toPass();
  expect(mails().some((mail) => mail.includes("nobody@example.com"))).toBe(false);
  // The limit of one address is nobody else's.
  await makeAccount("kim@example.com", "viewer");
  const kim = await (await browser.newContext()).newPage();
  await ask(kim, "kim@example.com");
  await kim.context().close();
  // What a browser keeps never goes to a page.
  expect(
    (await api.post("/v1/console/email-code/begin", { data: { email: "x@example.com" } })).status(),
  ).toBe(200);
});
