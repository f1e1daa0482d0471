import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { Problem } from "../../api/problem.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { AreaField, Form, FormProblem, SelectField, wrongAt } from "../../parts/form.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Facts, Raw, State } from "../../parts/show.tsx";
import { explainQuery } from "../audit/queries.ts";
import { setVersionsQuery } from "./queries.ts";
import { inputOf, parseInput } from "./simulation.ts";

type Set = Schema["PolicySetItem"];

/** What the version says, and why. */
function Answer({ of }: { of: Schema["Simulated"] }) {
  const { explanation, result, warnings } = of;
  return (
    <section className="stack-small" aria-label="What it decides">
      <p role="status" className="row">
        {result ? (
          <>
            <State of={result.decision} /> <span>{explanation.reason.replaceAll("_", " ")}</span>
          </>
        ) : (
          <span className="wrong">It cannot be decided: {explanation.reason}</span>
        )}
      </p>
      {warnings.length > 0 && (
        <div className="note waiting">
          What was asked looks odd: {warnings.map((one) => one.replaceAll("_", " ")).join(", ")}.
        </div>
      )}
      {result && (
        <Facts
          rows={[
            [
              "Allowed by",
              <span key="by" className="mono">
                {words(result.determining_policies)}
              </span>,
            ],
            [
              "Stood against it",
              <span key="against" className="mono">
                {words(result.diagnostics)}
              </span>,
            ],
          ]}
        />
      )}
      <Raw value={of} />
    </section>
  );
}

const words = (value: unknown): string =>
  Array.isArray(value) && value.length > 0
    ? value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ")
    : "nothing";

function Filled({
  zone,
  set,
  versions,
  recorded,
}: {
  zone: string;
  set: Set;
  versions: ReadonlyArray<Schema["SetVersionItem"]>;
  /** What policy was asked, as it was recorded. */
  recorded: string | undefined;
}) {
  const [version, setVersion] = useState(set.active_version_id ?? versions[0]?.id ?? "");
  const [text, setText] = useState(recorded ?? "");
  const [answer, setAnswer] = useState<Schema["Simulated"]>();
  const { act, busy, error } = useAct();
  const parsed = parseInput(text);
  const decide = () =>
    act(async () => {
      setAnswer(undefined);
      if (parsed.input === undefined) return;
      setAnswer(
        await read(
          control.POST("/v1/zones/{zoneId}/policy-sets/{id}/simulate", {
            params: { path: { zoneId: zone, id: set.id } },
            body: { version_id: version, input: parsed.input as Record<string, never> },
          }),
        ),
      );
    });
  return (
    <>
      <Form unsaved={false} onSubmit={decide}>
        <FormProblem error={error} />
        <SelectField
          label="Version that decides"
          value={version}
          wrong={wrongAt(error, "version_id")}
          options={versions.map((one) => [
            one.id,
            `${one.version}${one.id === set.active_version_id ? ", in force" : ""}`,
          ])}
          onChange={(event) => setVersion(event.target.value)}
        />
        <AreaField
          label="What policy is asked"
          rows={14}
          help="As JSON. A request that policy refused brings its own; change in it what you want to try."
          value={text}
          wrong={(text === "" ? undefined : parsed.wrong) ?? wrongAt(error, "input")}
          onChange={(event) => setText(event.target.value)}
        />
        <div className="row">
          <Button type="submit" look="main" busy={busy} refused={parsed.wrong}>
            Decide it
          </Button>
          <span className="quiet small">Nothing is given out, and nothing is changed.</span>
        </div>
      </Form>
      {answer && <Answer of={answer} />}
    </>
  );
}

/** Decides one request with a version of the set that need not be in force; a recorded one as it was, to begin with. */
export function Simulate({
  zone,
  set,
  request,
  onClose,
}: {
  zone: string;
  set: Set;
  /** The request whose input stands there first. */
  request: string | undefined;
  onClose: () => void;
}) {
  const versions = useQuery(setVersionsQuery(zone, set.id));
  const explained = useQuery({ ...explainQuery(zone, request ?? ""), enabled: request !== undefined });
  const gone = explained.error instanceof Problem && explained.error.status === 404;
  const recorded = explained.data && inputOf(explained.data);
  const waits = request !== undefined && explained.isPending;
  return (
    <Dialog side title="Decide one request" onClose={onClose}>
      {(gone || (explained.data && !recorded)) && (
        <p className="note waiting" role="status">
          {gone
            ? "Nothing is recorded of that request."
            : "Of that request no input is recorded: policy did not refuse it, or was not asked."}
        </p>
      )}
      {explained.isError && !gone && <FormProblem error={explained.error} />}
      {!waits && (
        <Loaded query={versions}>
          {({ items }) => (
            <Filled key={request ?? ""} zone={zone} set={set} versions={items} recorded={recorded} />
          )}
        </Loaded>
      )}
    </Dialog>
  );
}
