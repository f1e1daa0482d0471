/** A rule that a field broke; in a text, at which line. */
export type Issue = { path: string; message: string; line?: number };

/** An answer that is not a success, with what a person can do about it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** Rules that fields broke, by the field's path. */
  readonly issues: ReadonlyArray<Issue>;
  readonly requestId: string | undefined;
  readonly details: unknown;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: unknown, retryAfter?: number) {
    const read = body !== null && typeof body === "object" ? (body as Record<string, unknown>) : {};
    const code = typeof read["error"] === "string" ? read["error"] : status === 0 ? "unreachable" : "unknown";
    super(sentence(status, code, read["error_description"], retryAfter));
    this.status = status;
    this.code = code;
    this.details = read["details"];
    this.issues = issuesOf(read["details"]);
    this.requestId = typeof read["request_id"] === "string" ? read["request_id"] : undefined;
    this.retryAfter = retryAfter;
  }
}

function sentence(status: number, code: string, described: unknown, retryAfter: number | undefined): string {
  const said = typeof described === "string" && described !== "" ? described : code.replaceAll("_", " ");
  const text = `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
  if (status === 0) return "The console does not answer. Check that it runs and that you are connected.";
  if (status === 429) return `${text}. Try again in ${retryAfter ?? 1} seconds.`;
  return text.endsWith(".") ? text : `${text}.`;
}

function issuesOf(details: unknown): Issue[] {
  const issues = (details as { issues?: unknown } | undefined)?.issues;
  if (!Array.isArray(issues)) return [];
  return issues.flatMap((issue: { path?: unknown; message?: unknown; line?: unknown }) =>
    typeof issue.message === "string"
      ? [
          {
            path: Array.isArray(issue.path) ? issue.path.join(".") : "",
            message: issue.message,
            ...(typeof issue.line === "number" ? { line: issue.line } : {}),
          },
        ]
      : [],
  );
}
