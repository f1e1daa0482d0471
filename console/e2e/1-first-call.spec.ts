import { expect, test } from "@playwright/test";
import { RUN, runShown } from "./first-call.ts";
import { asOwner, setupLink } from "./people.ts";

test("from the first run to the first protected call, without a terminal but for the agent", async ({
  page,
}) => {
  test.setTimeout(process.env["E2E_CARGO"] ? 600_000 : 60_000);
  const broken: string[] = [];
  page.on("pageerror", (error) => broken.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) broken.push(message.text());
  });
  await asOwner(page);
  // The link works once.
  const other = await page.context().newPage();
  await other.goto(setupLink());
  await expect(other.getByRole("alert")).toContainText("This link was used");
  await other.close();

  await page.getByRole("button", { name: "New zone" }).first().click();
  await page.getByLabel("Name").fill("Orders");
  await page.getByRole("button", { name: "Make the zone" }).click();
  await page.getByRole("main").getByRole("link", { name: "Protect an API" }).click();

  await page.getByLabel("Name", { exact: true }).fill("Orders API");
  await page.getByLabel("Address of the upstream").fill(process.env["E2E_UPSTREAM"] ?? "");
  await page.getByLabel("Credential of the upstream").fill("the-upstreams-own-token");
  await page.getByRole("button", { name: "Protect it" }).click();
  await expect(page.getByText("Give the agent a name.")).toBeVisible();
  await page.getByLabel("Name of the agent").fill("orders-agent");
  await page.getByRole("button", { name: "Protect it" }).click();
  await expect(page.getByRole("heading", { name: "Orders API is protected" })).toBeVisible();

  // What the page says to run is run as it stands there.
  for (const language of RUN) {
    await page.getByRole("tab", { name: language }).click();
    const stdout = await runShown(page, language);
    expect(stdout, language).toContain("200");
    expect(stdout, language).toContain("Bearer the-upstreams-own-token");
  }
  await expect(page.getByText("The first call was allowed")).toBeVisible();
  await page.getByRole("link", { name: "See its evidence" }).click();
  await expect(page.getByRole("dialog").getByText("Called a resource")).toBeVisible();
  expect(broken).toEqual([]);
});
