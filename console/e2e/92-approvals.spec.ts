import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeAccount, makeZone, somebody } from "./people.ts";

const ASK = `
risk contains {"scope": "run:write", "tier": "high"}

approval_tiers contains {"tier": "high", "approver": "operator", "ttl_seconds": 900}
`;

test("a held call shows in the inbox, is released by the keyboard, and the agent goes on", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("Approvals");
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"], more: ASK });
  const authority = await agent.authority("run:write");
  await makeAccount("approver@example.com", "approver", [zone]);
  const approver = await somebody(browser, "approver@example.com");
  await approver.goto(`${at("web")}/z/${zone}/approvals`);
  await expect(approver.getByRole("heading", { name: "Nothing waits" })).toBeVisible();

  // What is not risky is not held.
  const reading = await agent.authority("run:read");
  expect((await agent.exchange({ scope: "run:read", ...reading }))["access_token"]).toBeTruthy();
  const held = await agent.exchange({ scope: "run:write", ...authority });
  expect(held).toMatchObject({ error: "interaction_required", approval_id: expect.any(String) });

  // It appears by itself, and nothing but the keyboard decides it.
  await expect(approver.getByRole("row")).toHaveCount(2);
  await approver.getByRole("main").focus();
  await approver.keyboard.press("j");
  await approver.keyboard.press("Enter");
  const panel = approver.getByRole("dialog", { name: "runner asks" });
  await expect(panel).toContainText("run:write");
  await expect(panel).toContainText("resource://run");
  await approver.screenshot({ path: "dist/e2e/approval-waiting.png" });
  // A letter that belongs to the reason decides nothing.
  await approver.keyboard.press("Tab");
  await panel.getByLabel("Reason").focus();
  await approver.keyboard.type("agreed with the owner");
  await expect(panel.getByLabel("Reason")).toHaveValue("agreed with the owner");
  await approver.keyboard.press("Tab");
  await approver.keyboard.press("a");
  await expect(panel).toHaveCount(0);
  await expect(approver.getByRole("heading", { name: "Nothing waits" })).toBeVisible();

  // The agent asks again, for the same, and goes on; once.
  const granted = await agent.exchange({ scope: "run:write", ...authority });
  expect(granted["access_token"], JSON.stringify(granted)).toBeTruthy();
  expect(await agent.call(String(granted["access_token"]), "POST")).toBe(200);
  expect(await agent.exchange({ scope: "run:write", ...authority })).toMatchObject({
    error: "interaction_required",
  });

  // What was decided, by whom and why stands there for everybody who may look.
  await page.goto(`${at("web")}/z/${zone}/approvals?state=consumed`);
  await page.locator("td .cover").first().click();
  await expect(page.getByRole("dialog")).toContainText("agreed with the owner");
});

test("an approver cannot edit, an auditor cannot decide, and what is rejected stays held", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("Rejections");
  const agent = await Agent.start(zone, { scopes: ["run:write"], more: ASK });
  const authority = await agent.authority("run:write");
  const ask = () => agent.exchange({ scope: "run:write", ...authority });
  const { approval_id: id } = await ask();
  await makeAccount("rejecting@example.com", "approver");
  await makeAccount("looking@example.com", "auditor");

  const auditor = await somebody(browser, "looking@example.com");
  await auditor.goto(`${at("web")}/z/${zone}/approvals?open=${id}`);
  const seen = auditor.getByRole("dialog");
  for (const name of [/Approve/, /Reject/]) {
    await expect(seen.getByRole("button", { name })).toHaveAttribute("aria-disabled", "true");
  }
  await expect(seen).toContainText("Your role, auditor, does not let you do this.");
  await auditor.keyboard.press("a");
  await seen.getByRole("button", { name: /Approve/ }).click({ force: true });
  const refused = await auditor.evaluate(
    async ([zone, id]) => {
      const answer = await fetch(`/api/control/v1/zones/${zone}/approvals/${id}/approve`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-caracal-console": "1" },
        body: "{}",
      });
      return [answer.status, (await answer.json()).error];
    },
    [zone, id],
  );
  expect(refused).toEqual([403, "account_role_forbidden"]);
  expect(await ask()).toMatchObject({ error: "interaction_required", approval_id: id });

  const approver = await somebody(browser, "rejecting@example.com");
  for (const [path, button] of [
    ["policies", "New policy"],
    ["applications", "New application"],
    ["resources", "New resource"],
  ] as const) {
    await approver.goto(`${at("web")}/z/${zone}/${path}`);
    await expect(approver.getByRole("button", { name: button }).first()).toHaveAttribute(
      "aria-disabled",
      "true",
    );
  }
  await approver.goto(`${at("web")}/z/${zone}/policies?open=${agent.policy}`);
  await expect(approver.getByLabel("Policy", { exact: true })).toHaveAttribute("readonly", "");
  const edited = await approver.evaluate(
    async ([zone, id]) => {
      const answer = await fetch(`/api/control/v1/zones/${zone}/policies/${id}/versions`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-caracal-console": "1" },
        body: JSON.stringify({ content: "package caracal.authz" }),
      });
      return [answer.status, (await answer.json()).error];
    },
    [zone, agent.policy],
  );
  expect(edited).toEqual([403, "account_role_forbidden"]);

  await approver.goto(`${at("web")}/z/${zone}/approvals?open=${id}`);
  await expect(approver.getByRole("dialog")).toBeVisible();
  // Nothing has to be pressed before the decision.
  await approver.keyboard.press("r");
  await expect(approver.getByRole("dialog")).toHaveCount(0);
  expect((await ask())["access_token"]).toBeUndefined();
});

const EACH_CALL = `
operation_risk := [{"resource": "resource://run", "method": "POST", "path": "/x", "tier": "money"}]

approval_tiers := [{"tier": "money", "approver": "operator", "ttl_seconds": 900}]
`;

test("whoever decides sees the exact call, and takes a yes back that nobody has used", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Held calls");
  const agent = await Agent.start(zone, { scopes: ["run:write"], more: EACH_CALL });
  const authority = await agent.authority("run:write");
  const call = async (body: unknown) => {
    const minted = await agent.exchange({ scope: "run:write", ...authority });
    return await agent.send(String(minted["access_token"]), body);
  };
  // A mark that turns the direction of what follows: an agent may want its call to be read differently. Nobody is asked.
  const turned = await call({ amount: 20, to: "\u202e28BG" });
  expect(turned).toEqual([400, expect.objectContaining({ reason: "operation_unreadable" })]);
  const body = { amount: 20, to: "GB82", note: "<img src=x onerror=window.broken=1>" };
  const [status, held] = await call(body);
  expect(status, JSON.stringify(held)).toBe(401);
  const id = String(held["approval_id"]);

  await page.goto(`${at("web")}/z/${zone}/approvals`);
  await expect(page.getByRole("row").nth(1)).toContainText("POST /x");
  await page.goto(`${at("web")}/z/${zone}/approvals?open=${id}`);
  const panel = page.getByRole("dialog");
  const seen = panel.getByRole("region", { name: "The call that it releases, once" });
  await expect(seen).toContainText("POST /x");
  await expect(seen).toContainText("resource://run");
  const carried = seen.getByRole("region", { name: "What the call carries" });
  await expect(carried).toContainText('"amount": 20');
  await expect(carried).toContainText(body.note);
  expect(await page.evaluate(() => (window as { broken?: number }).broken)).toBeUndefined();
  await page.screenshot({ path: "dist/e2e/approval-call.png" });
  // The key of a verdict that cannot be said yet says nothing.
  await page.keyboard.press("w");
  await page.keyboard.press("a");
  await expect(panel).toHaveCount(0);

  await page.goto(`${at("web")}/z/${zone}/approvals?state=approved&open=${id}`);
  await page.getByLabel("Reason").fill("the account is not ours");
  await page.getByRole("button", { name: "Take the yes back" }).press("Enter");
  await expect(panel).toHaveCount(0);
  const [after, refused] = await call(body);
  expect(after).toBe(403);
  expect(refused).toMatchObject({ error: "access_denied" });
  await page.goto(`${at("web")}/z/${zone}/approvals?state=rejected&open=${id}`);
  await expect(panel).toContainText("withdrawn");
  await expect(panel).toContainText("the account is not ours");
});

test("what whoever asked gives up leaves the inbox, and is told from a no", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Given up");
  const agent = await Agent.start(zone, { scopes: ["run:write"], more: ASK });
  const authority = await agent.authority("run:write");
  const held = await agent.exchange({ scope: "run:write", ...authority });
  await page.goto(`${at("web")}/z/${zone}/approvals`);
  await expect(page.getByRole("row")).toHaveCount(2);
  expect(await agent.giveUp(String(held["approval_id"]))).toEqual([200, "rejected"]);
  await expect(page.getByRole("heading", { name: "Nothing waits" })).toBeVisible();
  expect((await agent.giveUp(String(held["approval_id"])))[0]).toBe(409);
  expect((await agent.exchange({ scope: "run:write", ...authority }))["reason"]).toBe("approval_withdrawn");

  // All that an application asked for is a link from its panel.
  await page.goto(`${at("web")}/z/${zone}/applications?open=${agent.id}`);
  await page.getByRole("link", { name: "What it asked people for" }).click();
  await expect(page).toHaveURL(/by=/);
  await expect(page.getByRole("button", { name: "Remove the filter by who asks" })).toContainText("runner");
  await page.locator("td .cover").first().click();
  await expect(page.getByRole("dialog")).toContainText("Given up by who asked");
});
