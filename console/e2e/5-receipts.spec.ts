import { expect, test } from "@playwright/test";
import { admin, asOwner, at, audit, makeZone } from "./people.ts";

test("a receipt is checked in the browser, and one that was changed is not believed", async ({ page }) => {
  const zone = await makeZone("Proofs");
  const api = await admin();
  expect(
    (
      await api.post(`/v1/zones/${zone}/applications`, {
        data: { name: "agent", registration_method: "managed" },
      })
    ).status(),
  ).toBe(201);
  const records = await audit();
  const told: { keys: string[] } = await (await records.get("/api/audit/keys")).json();
  const keys = told.keys.join("\n");
  let receipt = "";
  await expect
    .poll(async () => {
      const answer = await records.get(`/api/audit/records/${zone}/receipts/1`);
      receipt = answer.ok() ? await answer.text() : "";
      return answer.status();
    })
    .toBe(200);

  await asOwner(page);
  const asked: string[] = [];
  await page.goto(`${at("web")}/receipts`);
  await expect(page.getByRole("heading", { name: "Check a receipt" })).toBeVisible();
  page.on("request", (request) => {
    if (request.method() !== "GET") asked.push(request.url());
  });
  await page.getByLabel("Or its text").fill(receipt);
  await page.getByLabel("Keys that you believe").fill(keys);
  await page.getByRole("button", { name: "Check it" }).click();
  await expect(page.getByText("This entry is in the log")).toBeVisible();
  await expect(page.getByLabel("What the receipt proves")).toContainText(`admin/${zone}`);
  await page.screenshot({ path: "dist/e2e/receipt-holds.png", fullPage: true });

  const at20 = receipt.indexOf("extra ") + 120;
  const other = receipt[at20] === "A" ? "B" : "A";
  await page.getByLabel("Or its text").fill(receipt.slice(0, at20) + other + receipt.slice(at20 + 1));
  await page.getByRole("button", { name: "Check it" }).click();
  await expect(page.getByRole("alert")).toContainText("The receipt does not hold");

  // The same by a file, with the keyboard alone.
  await page.getByLabel("File of the receipt").setInputFiles({
    name: "receipt",
    mimeType: "text/plain",
    buffer: Buffer.from(receipt),
  });
  await page.getByRole("button", { name: "Check it" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("This entry is in the log")).toBeVisible();
  expect(asked).toEqual([]);
});
