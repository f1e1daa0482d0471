import type { Schema } from "../../api/client.ts";

/** The first input that policy was asked with and refused, as text; none where policy did not refuse. */
export function inputOf(explained: Pick<Schema["Explained"], "denied">): string | undefined {
  const input = explained.denied.find((denial) => isObject(denial.policy_input))?.policy_input;
  return input === undefined ? undefined : JSON.stringify(input, null, 2);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** What was typed, as an object; or what is wrong with it. */
export function parseInput(text: string): {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly wrong?: string;
} {
  if (text.trim() === "") return { wrong: "Say what policy is asked." };
  try {
    const input: unknown = JSON.parse(text);
    return isObject(input) ? { input } : { wrong: "It has to be an object." };
  } catch (error) {
    return { wrong: `It is no JSON: ${error instanceof Error ? error.message : "unreadable"}` };
  }
}
