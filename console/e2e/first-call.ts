import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import ts from "typescript";
import { at } from "./people.ts";

const run = promisify(execFile);

export type Language = "curl" | "Python" | "TypeScript" | "Rust";

/** Languages whose programs are run: Rust is compiled for it, which is done where somebody asks for it. */
export const RUN: readonly Language[] = [
  "curl",
  "Python",
  "TypeScript",
  ...(process.env["E2E_CARGO"] ? (["Rust"] as const) : []),
];

/** TypeScript as this Node.js runs it: where it does not take the types away itself, they are taken away before. */
function typescript(directory: string, program: string): string {
  const itself = Boolean((process.features as { typescript?: unknown }).typescript);
  const file = join(directory, itself ? "first-call.mts" : "first-call.mjs");
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const text = itself ? program : ts.transpileModule(program, { compilerOptions: options }).outputText;
  writeFileSync(file, text);
  return file;
}

/** A package of the program, with what its first line says to add. */
async function rust(directory: string, program: string): Promise<string> {
  const cargo = async (...args: string[]) => await run("cargo", args, { cwd: directory });
  await cargo("init", "--quiet", "--name", "first-call", "--vcs", "none");
  const [, said = ""] = /^\/\/ (cargo add [^;]+);/.exec(program) ?? [];
  for (const added of said.split(" && ")) await cargo(...added.split(" ").slice(1), "--quiet");
  writeFileSync(join(directory, "src/main.rs"), program);
  await cargo("build", "--quiet");
  const target = process.env["CARGO_TARGET_DIR"] ?? join(directory, "target");
  return join(target, "debug/first-call");
}

const COMMANDS: Readonly<
  Record<Language, (directory: string, program: string) => Promise<readonly string[]> | readonly string[]>
> = {
  curl: (_, program) => ["bash", "-c", program],
  Python: (_, program) => ["python3", "-c", program],
  TypeScript: (directory, program) => ["node", typescript(directory, program)],
  Rust: async (directory, program) => [await rust(directory, program)],
};

/** Runs the program that the page shows for a language, as it stands there; what it prints. */
export async function runShown(page: Page, language: Language): Promise<string> {
  const environment = await page.getByLabel("Environment of the agent").innerText();
  const program = await page.getByLabel(`First call in ${language}`).innerText();
  const variables = Object.fromEntries(
    [...environment.matchAll(/export (\w+)=(\S+)/g)].map((match) => [match[1] ?? "", match[2] ?? ""]),
  );
  const directory = mkdtempSync(join(tmpdir(), "first-call-"));
  try {
    const [command = "", ...args] = await COMMANDS[language](directory, program);
    const { stdout } = await run(command, args, {
      env: {
        ...process.env,
        ...variables,
        CARACAL_STS_URL: at("sts"),
        CARACAL_COORDINATOR_URL: at("coordinator"),
        CARACAL_GATEWAY_URL: at("gateway"),
      },
    });
    return stdout;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
