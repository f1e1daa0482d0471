import { expect, test } from "@playwright/test";
import { asOwner, at, makeZone } from "./people.ts";

test("a zone is downloaded, planned as a document and made what it says", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Document");
  await page.goto(`${at("web")}/z/${zone}/document`);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the zone" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe(`zone-${zone}.json`);

  const text = page.getByLabel("Or its text");
  const plan = page.getByRole("button", { name: "Plan it" });
  await text.fill("{");
  await plan.click();
  await expect(page.getByRole("alert")).toContainText("no JSON");

  // Everything that is wrong is told, each field by its path.
  await text.fill(JSON.stringify({ applications: [{ name: "" }, { nam: "x" }] }));
  await plan.click();
  await expect(page.getByLabel("What is wrong with the document").getByRole("listitem")).toHaveCount(2);
  await expect(page.getByRole("button", { name: /^Apply/ })).toHaveCount(0);

  const declared = (traits: string[]) => JSON.stringify({ applications: [{ name: "<b>desk</b>", traits }] });
  await text.fill(declared(["team:red"]));
  await plan.click();
  const review = page.getByLabel("What the document changes");
  const row = review.getByRole("row").nth(1);
  for (const word of ["made", "application", "<b>desk</b>"]) await expect(row).toContainText(word);
  await expect(review.getByLabel("Changes")).toContainText('name: "<b>desk</b>"');
  // What is typed after a plan is another document, and has to be planned.
  await text.fill(declared(["team:blue"]));
  await expect(page.getByRole("button", { name: /^Apply/ })).toHaveCount(0);
  await plan.click();
  await page.getByRole("button", { name: "Apply 1 change" }).click();
  await expect(review.getByRole("status")).toContainText("1 object changed");

  await page.goto(`${at("web")}/z/${zone}/applications`);
  await expect(page.getByText("<b>desk</b>")).toBeVisible();

  // The same once more changes nothing, and what the manager no longer declares is taken away where that is asked for.
  await page.goto(`${at("web")}/z/${zone}/document`);
  await text.fill(declared(["team:blue"]));
  await plan.click();
  await expect(review.getByRole("status")).toContainText("nothing changes");
  await text.fill(JSON.stringify({ applications: [] }));
  await page.getByLabel("Take away what this manager no longer declares").check();
  await plan.click();
  await page.getByRole("button", { name: "Apply 1 change, 1 of them taken away…" }).click();
  // Which is asked about first, and the zone's name typed.
  const dialog = page.getByRole("dialog");
  const sure = dialog.getByRole("button", { name: "Apply 1 change, 1 of them taken away" });
  await expect(sure).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type “Document” to go on").fill("Document");
  await sure.click();
  await expect(dialog).toHaveCount(0);
  await expect(page.locator(".badge", { hasText: /^\W*applied$/ })).toBeVisible();
});
