import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Confirm } from "../../parts/dialog.tsx";
import { ChoiceField, SelectField } from "../../parts/form.tsx";
import { RuleFields } from "./canary/fields.tsx";
import { begin, canaryQuery } from "./canary/queries.ts";
import { rulesOf, USUAL, unusable } from "./canary/rules.ts";
import { Consequences } from "./consequences.tsx";
import { activate, type Candidate, inForceQuery } from "./queries.ts";
import { begin as beginShadow, HOURS, shadowQuery } from "./shadow/queries.ts";

/** For whom a version decides. */
type Who = "everybody" | "some" | "nobody";

/**
 * Puts a version in force, for everybody or for some applications first, after showing what it would have decided otherwise; or
 * has it decided beside what is in force, for nobody.
 */
export function PutInForce({
  zone,
  title,
  label,
  version,
  onDone,
  onClose,
  children,
}: {
  zone: string;
  title: string;
  label: string;
  /** The set and its version, made where there is none yet. */
  version: () => Promise<Candidate>;
  onDone: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}) {
  const [who, setWho] = useState<Who>("everybody");
  const [typed, setTyped] = useState(USUAL);
  const [hours, setHours] = useState<string>(HOURS[0][0]);
  const beside = useQuery(inForceQuery(zone)).data?.version !== undefined;
  const canary = useQuery(canaryQuery(zone)).data?.canary.running ?? false;
  const shadow = useQuery(shadowQuery(zone)).data?.shadow.running ?? false;
  const span = HOURS.find(([key]) => key === hours)?.[1] ?? "a day";
  const labels: Readonly<Record<Who, string>> = {
    everybody: label,
    some: `Begin with ${typed.share} % of the applications`,
    nobody: `Decide it beside for ${span}`,
  };
  const tried = shadow
    ? "A shadow runs already: stop it before another candidate is tried."
    : canary
      ? "A canary runs already: take it back, or put it in force, before another candidate is tried."
      : undefined;
  return (
    <Confirm
      title={title}
      label={labels[who]}
      look={who === "nobody" ? "main" : "danger"}
      otherwise="Not now"
      refused={who === "some" ? unusable(typed) : undefined}
      onClose={onClose}
      act={async () => {
        const candidate = await version();
        if (who === "some") await begin(zone, candidate, rulesOf(typed));
        else if (who === "nobody") await beginShadow(zone, candidate, Number(hours));
        else await activate(zone, candidate.set, candidate.version);
        await onDone();
      }}
    >
      {children}
      {beside && (
        <ChoiceField<Who>
          label="For whom it decides"
          value={who}
          onChange={setWho}
          options={[
            [
              "everybody",
              "Everybody, from now on",
              canary ? "The canary that runs ends with it." : undefined,
            ],
            [
              "some",
              "Some of the applications first",
              tried ?? "A canary: it goes back by itself when it denies too much.",
            ],
            [
              "nobody",
              "Nobody: decide it beside what is in force",
              tried ?? "A shadow: nothing of it is enforced, and what it would decide otherwise is shown.",
            ],
          ]}
        />
      )}
      {who === "some" && <RuleFields typed={typed} onChange={setTyped} />}
      {who === "nobody" && (
        <SelectField
          label="For how long"
          options={HOURS}
          value={hours}
          onChange={(event) => setHours(event.target.value)}
        />
      )}
      <Consequences zone={zone} version={version} />
    </Confirm>
  );
}
