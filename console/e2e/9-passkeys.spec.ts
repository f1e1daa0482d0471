import { type BrowserContext, type CDPSession, expect, type Page, request, test } from "@playwright/test";
import { asOwner, at, makeAccount, signIn } from "./people.ts";

/** An authenticator of the browser's own that verifies whoever is there. */
async function authenticator(context: BrowserContext, page: Page): Promise<[CDPSession, string]> {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return [devtools, authenticatorId];
}

test("a passkey is added behind a fresh sign-in, signs in without a password, and is removed", async ({
  browser,
  page,
}) => {
  await asOwner(page);
  await makeAccount("grace@example.com", "viewer");
  const context = await browser.newContext();
  const grace = await context.newPage();
  await signIn(grace, "grace@example.com");
  const [devtools, authenticatorId] = await authenticator(context, grace);
  await grace.goto(`${at("web")}/settings`);
  await grace.getByLabel("Name of a new passkey").fill("My laptop");
  await grace.getByRole("button", { name: "Add a passkey" }).press("Enter");
  await expect(grace.getByRole("cell", { name: "My laptop", exact: true })).toBeVisible();
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  expect(credentials).toHaveLength(1);
  expect(credentials[0]).toMatchObject({ isResidentCredential: true, rpId: "localhost" });
  // The same authenticator makes no second one.
  await grace.getByRole("button", { name: "Add a passkey" }).press("Enter");
  await expect(grace.getByRole("alert")).toContainText("has a passkey of this account already");

  const before = (await context.cookies()).find((one) => one.name === "caracal-session")?.value;
  await grace.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await expect(grace).toHaveURL(/sign-in/);
  await grace.goto(`${at("web")}/sign-in?return=%2Fsettings`);
  await grace.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await expect(grace).toHaveURL(/\/settings$/);
  await expect(grace.getByRole("cell", { name: "passkey", exact: true })).toBeVisible();
  const after = (await context.cookies()).find((one) => one.name === "caracal-session")?.value;
  expect(after).toMatch(/^ccs_/);
  expect(after).not.toBe(before);

  // Nobody verified: nobody is signed in.
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await grace.goto(`${at("web")}/sign-in`);
  await grace.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await expect(grace.getByRole("alert")).toBeVisible();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });

  // A copy whose counter is behind is another authenticator.
  const [credential] = (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  if (!credential) throw new Error("the passkey is gone");
  await devtools.send("WebAuthn.clearCredentials", { authenticatorId });
  await devtools.send("WebAuthn.addCredential", {
    authenticatorId,
    credential: { ...credential, signCount: 0 },
  });
  await grace.goto(`${at("web")}/sign-in`);
  await grace.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await expect(grace.getByRole("alert")).toContainText("proves no account");

  await signIn(grace, "grace@example.com");
  await grace.goto(`${at("web")}/settings`);
  await grace.getByRole("button", { name: "Remove My laptop" }).press("Enter");
  await expect(grace.getByRole("cell", { name: "My laptop", exact: true })).toHaveCount(0);
  await devtools.send("WebAuthn.clearCredentials", { authenticatorId });
  await devtools.send("WebAuthn.addCredential", {
    authenticatorId,
    credential: { ...credential, signCount: 900 },
  });
  await grace.goto(`${at("web")}/sign-in`);
  await grace.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await expect(grace.getByRole("alert")).toContainText("proves no account");
  await context.close();
});

test("an answer of an authenticator is good once, in its own browser", async ({ browser, page }) => {
  await asOwner(page);
  await makeAccount("heidi@example.com", "viewer");
  const context = await browser.newContext();
  const heidi = await context.newPage();
  await signIn(heidi, "heidi@example.com");
  await authenticator(context, heidi);
  await heidi.goto(`${at("web")}/settings`);
  await heidi.getByRole("button", { name: "Add a passkey" }).press("Enter");
  await expect(heidi.getByRole("button", { name: /^Remove / })).toBeVisible();

  // What the page hands in, taken before it arrives.
  let taken = "";
  await heidi.route("**/api/session/passkey", async (route) => {
    taken = route.request().postData() ?? "";
    await route.abort();
  });
  await heidi.goto(`${at("web")}/sign-in`);
  await heidi.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await expect(heidi.getByRole("alert")).toBeVisible();
  const begun = (await context.cookies()).find((one) => one.name === "caracal-begun")?.value ?? "";
  expect(begun).toHaveLength(43);
  const ours = { "x-caracal-console": "1", origin: at("web"), "content-type": "application/json" };
  const hand = async (cookie: string) => {
    const http = await request.newContext({ extraHTTPHeaders: cookie ? { cookie } : {} });
    const answer = await http.post(`${at("web")}/api/session/passkey`, { headers: ours, data: taken });
    return [answer.status(), (await answer.json()).error];
  };
  expect(await hand("")).toEqual([400, "sign_in_expired"]);
  expect(await hand(`caracal-begun=${"A".repeat(43)}`)).toEqual([400, "sign_in_expired"]);
  expect(await hand(`caracal-begun=${begun}`)).toEqual([200, undefined]);
  // The authenticator's counter is behind by now, and the challenge is used up.
  expect((await hand(`caracal-begun=${begun}`))[0]).not.toBe(200);

  // Without a session nothing is added, and with a session of another nothing is removed.
  const http = await request.newContext();
  const nobody = await http.post(`${at("web")}/api/control/v1/console/passkeys/registration`, {
    headers: ours,
  });
  expect(nobody.status()).toBe(401);
  await context.close();
});
