import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { at } from "./people.ts";

const run = promisify(execFile);

/** Runs the program that the page shows for Python, as it stands there; what it prints. */
export async function runShown(page: Page): Promise<string> {
  const environment = await page.getByLabel("Environment of the agent").innerText();
  const program = await page.getByLabel("First call in Python").innerText();
  const variables = Object.fromEntries(
    [...environment.matchAll(/export (\w+)=(\S+)/g)].map((match) => [match[1] ?? "", match[2] ?? ""]),
  );
  const { stdout } = await run("python3", ["-c", program], {
    env: {
      ...process.env,
      ...variables,
      CARACAL_STS_URL: at("sts"),
      CARACAL_COORDINATOR_URL: at("coordinator"),
      CARACAL_GATEWAY_URL: at("gateway"),
    },
  });
  return stdout;
}
