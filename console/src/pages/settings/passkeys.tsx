import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read } from "../../api/client.ts";
import { addPasskey, hasPasskeys } from "../../api/passkey.ts";
import { Problem } from "../../api/problem.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Badge } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { browser } from "./browser.ts";

/** One's own passkeys: what there are, one more, one less. */
export function Passkeys() {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["own-passkeys"],
    queryFn: () => read(control.GET("/v1/console/passkeys")),
  });
  const [name, setName] = useState(() => browser(navigator.userAgent));
  const { act: once, busy, error } = useAct();
  const act = (work: () => Promise<unknown>) =>
    once(async () => {
      await work();
      await client.invalidateQueries({ queryKey: ["own-passkeys"] });
    });
  const remove = (id: string) =>
    act(() => read(control.DELETE("/v1/console/passkeys/{id}", { params: { path: { id } } })));
  const stale = error instanceof Problem && error.code === "fresh_sign_in_required";
  return (
    <section className="stack" aria-labelledby="passkeys" style={{ maxWidth: 640 }}>
      <h2 id="passkeys">Passkeys</h2>
      <p className="quiet">
        A passkey of your device or security key signs you in without a password, here and nowhere else.
      </p>
      <FormProblem error={error} />
      {stale && (
        <p className="small">
          <a href="/sign-in?return=%2Fsettings">Sign in again</a>, then come back here within ten minutes.
        </p>
      )}
      <Loaded query={query}>
        {({ items }) =>
          items.length > 0 && (
            <Table stacked heads={["Name", "Added", "Last used", "(Actions)"]}>
              {items.map((passkey) => (
                <tr key={passkey.id}>
                  <td data-head="Name">
                    <bdi>{passkey.name}</bdi> {passkey.backed_up && <Badge>synced</Badge>}
                  </td>
                  <td data-head="Added">
                    <Time at={passkey.created_at} />
                  </td>
                  <td data-head="Last used">
                    <Time at={passkey.last_used_at} />
                  </td>
                  <td className="right">
                    <Button
                      look="plain"
                      aria-label={`Remove ${passkey.name}`}
                      onClick={() => void remove(passkey.id)}
                    >
                      Remove
                    </Button>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      <Form unsaved={false} onSubmit={() => act(() => addPasskey(name))}>
        <TextField
          label="Name of a new passkey"
          autoComplete="off"
          maxLength={120}
          required
          value={name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="row">
          <Button
            type="submit"
            busy={busy}
            refused={hasPasskeys() ? undefined : "This browser does not know passkeys."}
          >
            Add a passkey
          </Button>
        </div>
      </Form>
    </section>
  );
}
