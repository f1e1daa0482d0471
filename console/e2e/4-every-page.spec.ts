import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { type Fleet, makeFleet } from "./fleet.ts";
import { unvisited } from "./pages.ts";
import { asOwner, at, makeZone } from "./people.ts";

const OF_ZONE = [
  ["", "overview"],
  ["/protect", "protect"],
  ["/protect/mcp", "protect-mcp"],
  ["/document", "document"],
  ["/applications", "applications"],
  ["/workloads", "workloads"],
  ["/issuers", "issuers"],
  ["/providers", "providers"],
  ["/resources", "resources"],
  ["/policies", "policies"],
  ["/subjects", "subjects"],
  ["/subjects?view=blocked", "subjects-kept-out"],
  ["/sessions", "sessions"],
  ["/approvals", "approvals"],
  ["/delegations", "delegations"],
  ["/changes", "changes"],
  ["/notifications", "notifications"],
  ["/notifications?new=1", "notification-new"],
  ["/audit", "audit"],
  ["/applications?new=1", "application-new"],
  ["/providers?new=1", "provider-new"],
  ["/resources?new=1", "resource-new"],
  ["/issuers?new=1", "issuer-new"],
  ["/workloads?new=1", "workload-new"],
  ["/policies?new=1", "policy-new"],
  ["/policies?needless=1", "policy-needless"],
  ["/policies/compare", "compare"],
  ["?hours=1h", "overview-hour"],
] as const;
const OTHERS = [
  "/zones",
  "/accounts",
  "/tokens",
  "/receipts",
  "/settings",
  "/diagnostics",
  "/sign-in",
  "/link",
  "/no/such/page",
  "/sign-in/callback",
  "/connections/callback",
];

/** What opens beside a page. */
const OPENED = (fleet: Fleet): ReadonlyArray<readonly [string, string]> => [
  [`/policies?open=${fleet.agent.policy}`, "policy-open"],
  [`/policies?draft=${fleet.refused}`, "policy-draft"],
  [`/policies?simulate=${fleet.refused}`, "policy-simulate"],
  [`/applications?open=${fleet.agent.id}`, "application-open"],
  [`/sessions?open=${fleet.session}`, "session-open"],
  [`/approvals?open=${fleet.held}`, "approval-open"],
  [`/delegations?open=${fleet.delegation}`, "delegation-open"],
  [`/audit?request=${fleet.refused}`, "audit-open"],
  ["/audit?view=live", "audit-live"],
  [`/subjects?open=${fleet.agent.id}`, "subject-open"],
  [`/subjects?open=mallory@example.com`, "subject-open-kept-out"],
  [`/providers?open=${fleet.provider}`, "provider-open"],
  [`/resources?open=${fleet.resource}`, "resource-open"],
  [`/workloads?open=${fleet.workload}`, "workload-open"],
  [`/issuers?open=${fleet.issuer}`, "issuer-open"],
  [`/notifications?open=${fleet.sink}`, "sink-open"],
  [`/changes?open=${fleet.change}`, "change-open"],
];

/** What opens beside the pages of the deployment. */
const OPENED_OTHERS = (fleet: Fleet): ReadonlyArray<readonly [string, string]> => [
  [`/accounts?open=${fleet.account}`, "account-open"],
  ["/accounts?new=1", "account-new"],
  ["/tokens?new=1", "token-new"],
  [`/zones?open=${fleet.zone}`, "zone-open"],
];

/** Pages that look different where there is nothing yet. */
const EMPTY = [
  "",
  "/applications",
  "/resources",
  "/policies",
  "/sessions",
  "/approvals",
  "/delegations",
  "/audit",
  "/subjects",
];

test("axe finds nothing on any page in both themes, wide and narrow", async ({ page }) => {
  test.setTimeout(1_200_000);
  await asOwner(page);
  const fleet = await makeFleet("Fleet");
  const empty = await makeZone("Empty");
  const places: Array<readonly [string, string]> = [
    ...[...OF_ZONE, ...OPENED(fleet)].map(([path, name]) => [`/z/${fleet.zone}${path}`, name] as const),
    ...EMPTY.map((path) => [`/z/${empty}${path}`, `empty-${path.slice(1) || "overview"}`] as const),
    ...OTHERS.map((path) => [path, path.slice(1).replaceAll("/", "-")] as const),
    ...OPENED_OTHERS(fleet),
  ];
  // The first of all leads on to the overview.
  expect(unvisited(places.map(([path]) => path)), "a page that nobody looks at").toEqual(["/"]);
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const [path, name] of places) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto(`${at("web")}${path}`);
      await expect(page.locator("main").getByRole("heading", { includeHidden: true }).first()).toBeVisible();
      await expect(page.getByLabel("Loading")).toHaveCount(0);
      const found = await new AxeBuilder({ page }).analyze();
      expect
        .soft(
          found.violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]),
          `${name}, ${theme}`,
        )
        .toEqual([]);
      await page.screenshot({ path: `dist/e2e/${name}-${theme}-1440.png` });
      await page.setViewportSize({ width: 390, height: 844 });
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect.soft(wide, `${name} is wider than a phone`).toBeLessThanOrEqual(0);
      await page.screenshot({ path: `dist/e2e/${name}-${theme}-390.png` });
    }
  }
});

test("the keyboard alone goes everywhere", async ({ page }) => {
  await asOwner(page);
  await page.goto(`${at("web")}/zones`);
  await expect(page.getByRole("heading", { name: "Zones" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByLabel("Page, zone or request id").fill("accounts");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/accounts/);
  await expect(page.locator("td .cover").first()).toBeVisible();
  await expect(async () => {
    await page.getByRole("main").focus();
    await page.keyboard.press("j");
    await expect(page.locator("td .cover").first()).toBeFocused({ timeout: 1_000 });
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog")).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  // Where it was before, for whoever goes on with the keyboard.
  await expect(page.locator("td .cover").first()).toBeFocused();
});
