import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Filter } from "../../parts/filter.tsx";
import { Form, FormProblem, TextField } from "../../parts/form.tsx";
import { type Kept, LONGEST_NAME, MOST_KEPT, readKept, same, withOne, writeKept } from "./kept.ts";

type Query = Readonly<Record<string, string>>;

function Keep({ onKeep, onClose }: { onKeep: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState("");
  const { act, error } = useAct();
  return (
    <Dialog title="Keep these filters" onClose={onClose}>
      <Form
        onSubmit={() =>
          act(async () => {
            if (name.trim() === "") throw new Error("Give it a name first.");
            onKeep(name.trim());
            onClose();
          })
        }
      >
        <FormProblem error={error} />
        <TextField
          label="Name"
          help="They are kept in this browser, for your account. To hand them on, copy the address of the page."
          maxLength={LONGEST_NAME}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="row">
          <Button type="submit" look="main">
            Keep them
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

/** Filters that somebody gave a name: to go back to, to keep more of, and to forget. */
export function KeptFilters({
  names,
  query,
  onChoose,
}: {
  /** What may be filtered by. */
  names: readonly string[];
  query: Query;
  onChoose: (query: Query) => void;
}) {
  const account = useQuery(meQuery).data?.account.id;
  const [keeping, setKeeping] = useState(false);
  const [written, setWritten] = useState<readonly Kept[]>();
  const [failed, setFailed] = useState(false);
  if (!account) return null;
  const kept = written ?? readKept(localStorage, account, names);
  const here = kept.find((one) => same(one.query, query));
  const keep = (next: readonly Kept[]) => {
    setFailed(!writeKept(localStorage, account, next));
    setWritten(next);
  };
  return (
    <>
      {kept.length > 0 && (
        <Filter
          label="Kept filters"
          value={here?.name}
          options={[["", "Kept filters"], ...kept.map(({ name }) => [name, name] as const)]}
          onChange={(name) => onChoose(kept.find((one) => one.name === name)?.query ?? {})}
        />
      )}
      {here ? (
        <Button look="plain" onClick={() => keep(kept.filter((one) => one !== here))}>
          Forget “<bdi>{here.name}</bdi>”
        </Button>
      ) : (
        Object.keys(query).length > 0 && (
          <Button
            look="plain"
            refused={kept.length < MOST_KEPT ? undefined : `${MOST_KEPT} are kept: forget one first.`}
            onClick={() => setKeeping(true)}
          >
            Keep these filters…
          </Button>
        )
      )}
      {failed && (
        <span role="status" className="wrong small">
          This browser keeps nothing: they are gone when the page is closed.
        </span>
      )}
      {keeping && (
        <Keep onKeep={(name) => keep(withOne(kept, { name, query }))} onClose={() => setKeeping(false)} />
      )}
    </>
  );
}
