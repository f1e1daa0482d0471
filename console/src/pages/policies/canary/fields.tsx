import { TextField } from "../../../parts/form.tsx";
import { type Typed, wrong } from "./rules.ts";

/** For whom a canary decides, and what takes it back. */
export function RuleFields({ typed, onChange }: { typed: Typed; onChange: (typed: Typed) => void }) {
  const field = (name: keyof Typed, label: string, help: string) => (
    <TextField
      label={label}
      help={help}
      inputMode="numeric"
      autoComplete="off"
      value={typed[name]}
      wrong={wrong(typed, name)}
      onChange={(event) => onChange({ ...typed, [name]: event.target.value })}
    />
  );
  return (
    <div className="pairs">
      {field("share", "Share of applications (%)", "Each stays on its side while it runs.")}
      {field("enough", "Decisions to judge by", "Judged each time that so many are there.")}
      {field("newlyDenied", "Most newly denied (%)", "It goes back past it. Denied by it alone.")}
      {field("denied", "Most denied in all (%)", "It goes back past it. 100 is no bound.")}
    </div>
  );
}
