import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { FormProblem } from "../../parts/form.tsx";
import { Badge, type Meaning } from "../../parts/show.tsx";
import { ExactTime } from "../../parts/time.tsx";

type Checked = Schema["ProviderCheck"] | Schema["ResourceCheck"];

const STEPS: Readonly<Record<Schema["CheckStep"], string>> = {
  settings: "Settings",
  address: "Address",
  resolve: "Name",
  connect: "Connection",
  tls: "Certificate",
  answer: "Answer",
};

const OUTCOMES: Readonly<Record<Schema["StepOutcome"], readonly [Meaning, string]>> = {
  passed: ["allowed", "fine"],
  failed: ["refused", "wrong"],
  not_tried: ["plain", "not tried"],
};

/** What trying it out found, step by step, each with what to do about it. */
function Found({ check }: { check: Checked }) {
  const fine = check.status === "ok" || check.status === "guarded";
  return (
    <section className="stack-small" aria-label="What the test found">
      <p role="status" className={fine ? "note allowed" : "note refused"}>
        {check.detail}
      </p>
      <ol className="trace">
        {check.steps.map((step) => {
          const [meaning, word] = OUTCOMES[step.outcome];
          return (
            <li
              key={step.step}
              className={step.outcome === "failed" ? "deny" : step.outcome === "passed" ? "allow" : undefined}
            >
              <span className="row">
                <strong>{STEPS[step.step]}</strong>
                <Badge meaning={meaning}>{word}</Badge>
              </span>
              <p className="quiet">{step.found}</p>
              {step.fix && <p>{step.fix}</p>}
            </li>
          );
        })}
      </ol>
      <span className="quiet small">
        Tried at <ExactTime at={check.checked_at} />. Nothing of a credential left this deployment but to the
        server itself.
      </span>
    </section>
  );
}

/** Tries out what stands behind a provider or a resource, before anybody depends on it. */
export function Check({
  zone,
  label,
  unsupported,
  ask,
}: {
  zone: string;
  label: string;
  /** Why one of this kind cannot be tried out. */
  unsupported?: string | undefined;
  ask: () => Promise<Checked>;
}) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [check, setCheck] = useState<Checked>();
  const { act, busy, error } = useAct();
  return (
    <div className="stack-small">
      <div className="row">
        <Button
          refused={refused ?? unsupported}
          busy={busy}
          onClick={() =>
            void act(async () => {
              setCheck(undefined);
              setCheck(await ask());
              // The list of providers says whether one answers; nothing else changes by asking.
              await client.invalidateQueries({ queryKey: ["zone", zone, "providers"] });
            })
          }
        >
          {busy ? "Testing…" : label}
        </Button>
        {unsupported && <span className="quiet small">{unsupported}</span>}
      </div>
      <FormProblem error={error} />
      {check && <Found check={check} />}
    </div>
  );
}
