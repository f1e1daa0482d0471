import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Confirm } from "../../parts/dialog.tsx";
import { ChoiceField } from "../../parts/form.tsx";
import { RuleFields } from "./canary/fields.tsx";
import { begin, canaryQuery } from "./canary/queries.ts";
import { rulesOf, USUAL, unusable } from "./canary/rules.ts";
import { Consequences } from "./consequences.tsx";
import { activate, type Candidate, inForceQuery } from "./queries.ts";

/** Puts a version in force, for everybody or for some applications first, after showing what it would have decided otherwise. */
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
  const [who, setWho] = useState<"everybody" | "some">("everybody");
  const [typed, setTyped] = useState(USUAL);
  const beside = useQuery(inForceQuery(zone)).data?.version !== undefined;
  const running = useQuery(canaryQuery(zone)).data?.canary.running ?? false;
  const some = who === "some";
  return (
    <Confirm
      title={title}
      label={some ? `Begin with ${typed.share} % of the applications` : label}
      otherwise="Not now"
      refused={some ? unusable(typed) : undefined}
      onClose={onClose}
      act={async () => {
        const candidate = await version();
        if (some) await begin(zone, candidate, rulesOf(typed));
        else await activate(zone, candidate.set, candidate.version);
        await onDone();
      }}
    >
      {children}
      {beside && (
        <ChoiceField
          label="For whom it decides"
          value={who}
          onChange={setWho}
          options={[
            [
              "everybody",
              "Everybody, from now on",
              running ? "The canary that runs ends with it." : undefined,
            ],
            [
              "some",
              "Some of the applications first",
              running
                ? "A canary runs already: take it back, or put it in force, before another begins."
                : "A canary: it goes back by itself when it denies too much.",
            ],
          ]}
        />
      )}
      {some && <RuleFields typed={typed} onChange={setTyped} />}
      <Consequences zone={zone} version={version} />
    </Confirm>
  );
}
