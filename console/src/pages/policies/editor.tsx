import { useQuery } from "@tanstack/react-query";
import { useId, useRef } from "react";
import { control, read } from "../../api/client.ts";
import { type Issue, Problem } from "../../api/problem.ts";
import { useSettled } from "../../parts/settled.ts";
import { Badge } from "../../parts/show.tsx";
import { diff } from "./diff.ts";
import "./editor.css";

/** The text of a policy, checked while it is typed, with what is wrong at its line. */
export function PolicyEditor({
  text,
  onChange,
  readOnly = false,
}: {
  text: string;
  onChange: (text: string) => void;
  readOnly?: boolean;
}) {
  const id = useId();
  const numbers = useRef<HTMLPreElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const settled = useSettled(text, 400);
  const checked = useQuery({
    queryKey: ["policy-check", settled],
    enabled: settled.trim() !== "",
    retry: false,
    queryFn: () => read(control.POST("/v1/policies/validate", { body: { content: settled } })),
  });
  const issues: ReadonlyArray<Issue> =
    checked.error instanceof Problem && checked.error.status === 400
      ? checked.error.issues.length > 0
        ? checked.error.issues
        : [{ path: "content", message: checked.error.message }]
      : [];
  const warnings = checked.data?.warnings ?? [];
  const bad = new Set(issues.flatMap(({ line }) => (line === undefined ? [] : [line])));
  const lines = text.split("\n").length;
  const goTo = (line: number) => {
    const start =
      text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start);
  };
  return (
    <div className="stack-small">
      <div className="editor">
        <pre ref={numbers} aria-hidden="true">
          {Array.from({ length: lines }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            <span key={index} className={bad.has(index + 1) ? "at" : undefined}>
              {index + 1}
              {"\n"}
            </span>
          ))}
        </pre>
        <textarea
          ref={area}
          aria-label="Policy"
          aria-describedby={`${id}-found`}
          aria-invalid={issues.length > 0 || undefined}
          spellCheck={false}
          readOnly={readOnly}
          rows={Math.min(Math.max(lines + 1, 14), 28)}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          onScroll={(event) => {
            if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      <div id={`${id}-found`} aria-live="polite" className="stack-small">
        {issues.map((issue) => (
          <div key={`${issue.line} ${issue.message}`} className="row">
            <Badge meaning="refused">{issue.line ? `line ${issue.line}` : "wrong"}</Badge>
            {issue.line ? (
              <button type="button" className="linklike" onClick={() => goTo(issue.line ?? 1)}>
                {issue.message}
              </button>
            ) : (
              <span>{issue.message}</span>
            )}
          </div>
        ))}
        {warnings.map((warning) => (
          <div key={`${warning.line} ${warning.code}`} className="row">
            <Badge meaning="waiting">{warning.line ? `line ${warning.line}` : warning.document}</Badge>
            <span>{warning.message}</span>
          </div>
        ))}
        {checked.data && issues.length === 0 && warnings.length === 0 && (
          <div className="row">
            <Badge meaning="allowed">no problem found</Badge>
            <span className="quiet small">defines {checked.data.preview.rules.join(", ")}</span>
          </div>
        )}
      </div>
    </div>
  );
}

/** What changed between two texts. */
export function Changes({ before, after }: { before: string; after: string }) {
  const lines = diff(before, after);
  if (lines.every((line) => line.kind === "same")) return <p className="quiet">Nothing is different.</p>;
  const signs = { same: " ", added: "+", taken: "−" } as const;
  const classes = { same: undefined, added: "added", taken: "taken" } as const;
  return (
    <div className="diff">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <section className="scroll" tabIndex={0} aria-label="Changes">
        <pre>
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
            <span key={index} className={classes[line.kind]}>
              {signs[line.kind]} {line.text}
            </span>
          ))}
        </pre>
      </section>
    </div>
  );
}
