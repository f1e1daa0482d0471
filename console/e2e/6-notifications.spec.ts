import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { asOwner, at, makeZone } from "./people.ts";

test("a sink is made, tried, paused and removed, and what it gets is signed with the secret shown once", async ({
  page,
}) => {
  const got: Array<{ headers: IncomingHttpHeaders; body: string }> = [];
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  const zone = await makeZone("Pager");
  await asOwner(page);
  await page.goto(`${at("web")}/z/${zone}/notifications`);

  await page.getByRole("button", { name: "New sink" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("pager");
  await page.getByLabel("Address", { exact: true }).fill("http://169.254.169.254/latest");
  await page.getByRole("button", { name: "Make the sink" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("Address", { exact: true }).fill(`http://127.0.0.1:${port}/hook`);
  await page.getByRole("button", { name: "Make the sink" }).click();
  const secret = await page.getByRole("region", { name: "Secret" }).getByText("nsk_").innerText();
  expect(secret).toMatch(/^nsk_[0-9a-f]{48}$/);
  await page.getByRole("button", { name: "Done" }).click();

  await page.getByRole("button", { name: "pager" }).click();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByRole("dialog").getByText("delivered")).toBeVisible();
  await page.screenshot({ path: "dist/e2e/notification-delivered.png" });
  expect(got).toHaveLength(1);
  const [first] = got;
  const signed = `${first?.headers["x-caracal-timestamp"]}.${first?.body}`;
  const digest = createHmac("sha256", secret).update(signed).digest("hex");
  expect(first?.headers["x-caracal-signature"]).toBe(`v1=${digest}`);

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByRole("dialog").getByText("paused").first()).toBeVisible();
  await page.getByRole("button", { name: "Remove…" }).click();
  await page.getByRole("button", { name: "Remove the sink" }).click();
  await expect(page.getByRole("heading", { name: "Nobody is told yet" })).toBeVisible();
  receiver.close();
});
