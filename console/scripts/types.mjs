// Types of the Control API, the Coordinator, the Audit role and the web role out of their documents. `--check` fails where the kept ones differ.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const check = process.argv.includes("--check");
for (const role of ["api", "coordinator", "audit", "web"]) {
  const source = new URL(`../../docs/openapi/${role}.json`, import.meta.url);
  const target = new URL(`../src/api/${role === "api" ? "control" : role}.d.ts`, import.meta.url);
  const text = `// Made by \`npm run types\` out of docs/openapi/${role}.json.\n${astToString(await openapiTS(source))}`;
  if (!check) {
    await writeFile(target, text);
  } else if ((await readFile(target, "utf8").catch(() => "")) !== text) {
    console.error(`src/api: the types of ${role} are not those of its document; run \`npm run types\``);
    process.exitCode = 1;
  }
}
