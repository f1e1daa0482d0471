import type { Schema } from "../../api/client.ts";

type Binding = Schema["WorkloadBinding"];

/** Bindings as lines of variable, resource and scopes; a `?` behind the variable lets the program start without it. */
export function writeBindings(bindings: ReadonlyArray<Binding>): string {
  return bindings
    .map(
      ({ env, resource, scopes, optional }) =>
        `${env}${optional ? "?" : ""} ${[resource, ...(scopes ?? [])].join(" ")}\n`,
    )
    .join("");
}

/** Reads such lines; what is wrong names the line. */
export function parseBindings(text: string): { bindings: Binding[]; wrong?: string } {
  const bindings: Binding[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [variable, resource, ...scopes] = line.trim().split(/\s+/).filter(Boolean);
    if (variable === undefined) continue;
    const optional = variable.endsWith("?");
    const env = optional ? variable.slice(0, -1) : variable;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(env) || resource === undefined)
      return { bindings, wrong: `Line ${index + 1} is not a variable and a resource.` };
    bindings.push({
      env,
      resource,
      ...(scopes.length > 0 ? { scopes } : {}),
      ...(optional ? { optional } : {}),
    });
  }
  return { bindings };
}
