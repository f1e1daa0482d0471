/** What an identity provider sends along with the browser. */
export type Answer = { state: string; code?: string; error?: string; iss?: string };

const NAMES = ["state", "code", "error", "iss"] as const;

/** Reads it; nothing where there is no state, or anything is there twice. */
export function answerOf(search: string): Answer | undefined {
  const sent = new URLSearchParams(search);
  if (NAMES.some((name) => sent.getAll(name).length > 1)) return undefined;
  const found = Object.fromEntries(NAMES.flatMap((name) => (sent.get(name) ? [[name, sent.get(name)]] : [])));
  return typeof found["state"] === "string" ? (found as Answer) : undefined;
}
