// Puts compressed forms beside the files of a build, and fails where the first load is over its budget.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const BUDGET = 150 * 1024;
const root = new URL("../dist/app/", import.meta.url).pathname;
const sizes = new Map();
for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  sizes.set(path.slice(root.length), brotli.length);
  await writeFile(`${path}.br`, brotli);
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
const html = await readFile(join(root, "index.html"), "utf8");
const first = ["index.html", ...[...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1])];
const total = first.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
console.log(`first load: ${(total / 1024).toFixed(1)} KB compressed, of ${BUDGET / 1024}`);
if (total > BUDGET) {
  console.error("the first load is over its budget");
  process.exitCode = 1;
}
