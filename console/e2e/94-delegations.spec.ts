import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeZone } from "./people.ts";

test("the graph shows who handed what to whom, and taking one back stops what came of it", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Delegations");
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"] });
  const [first, second, third] = [await agent.session(), await agent.session(), await agent.session()];
  const above = await agent.delegate(first, second, ["run:read", "run:write"], {
    constraints: { resources: ["resource://run"], max_depth: 3 },
  });
  const below = await agent.delegate(second, third, ["run:read"], { parent_edge_id: above });
  const use = () => agent.exchange({ scope: "run:read", agent_session_id: third, delegation_edge_id: below });
  expect((await use())["access_token"]).toBeTruthy();

  await page.goto(`${at("web")}/z/${zone}/delegations`);
  const graph = page.getByRole("figure");
  await expect(graph.getByRole("img")).toHaveAccessibleName(/2 delegations between 3 sessions/);
  // From where it is drawn to what it is, with the whole way that led there.
  await graph.locator(`[data-delegation="${below}"] .wide`).click({ force: true });
  await expect(page).toHaveURL(new RegExp(`open=${below}`));
  await expect(graph.locator(".one.on")).toHaveCount(2);
  await page.keyboard.press("Escape");
  await page.screenshot({ path: "dist/e2e/delegations-graph.png" });
  // The table beside it says the same, for keyboard and screen reader.
  await expect(page.getByRole("row")).toHaveCount(3);
  await page.goto(`${at("web")}/z/${zone}/delegations?open=${above}`);
  const panel = page.getByRole("dialog");
  await expect(panel).toContainText("run:read run:write");
  await expect(
    panel.getByRole("region", { name: "What taking it back would reach" }).getByRole("listitem"),
  ).toHaveCount(2);
  await panel.getByRole("button", { name: "Take it back…" }).click();
  await page.getByRole("button", { name: "Take 2 back" }).click();
  await expect(page.getByRole("row")).toHaveCount(0);
  expect((await use())["access_token"]).toBeUndefined();
});
