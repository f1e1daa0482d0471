import { defineConfig } from "@playwright/test";

/** The real binary with a stack of its own; `scripts/console-e2e.sh` says where it is. */
export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/stack.ts",
  // One stack, and each file a story on it.
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "dist/e2e",
  use: {
    actionTimeout: 15_000,
    // The identity provider's certificate is of an authority of the tests.
    ignoreHTTPSErrors: true,
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    },
    screenshot: "only-on-failure",
  },
});
