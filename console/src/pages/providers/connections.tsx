import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Badge } from "../../parts/show.tsx";
import { Time } from "../../parts/time.tsx";
import { keepAttempt } from "../connected/attempt.ts";
import { httpsOnly } from "../sign-in/away.ts";
import { redirectUri } from "./kinds.ts";
import { useConnections } from "./queries.ts";

type Provider = Schema["ProviderItem"];
type Connection = Schema["ConnectionItem"];

/** Of whoever has no account of their own. */
const SHARED = "caracal:shared";

const STATES: Record<Connection["status"], readonly ["allowed" | "waiting" | "refused", string]> = {
  active: ["allowed", "connected"],
  reauthorization_required: ["waiting", "connect again"],
  expired: ["waiting", "expired"],
  revoked: ["refused", "revoked"],
};

function Connect({ zone, provider }: { zone: string; provider: Provider }) {
  const refused = useRefusal("change");
  const [subject, setSubject] = useState("");
  const { act, busy, error } = useAct({ leaves: true });
  const elsewhere =
    (provider.config_json as Record<string, unknown>)["redirect_uri"] === redirectUri()
      ? undefined
      : `The provider's redirect URI is not ${redirectUri()}, so people come back elsewhere.`;
  const begin = async () => {
    if (refused || elsewhere) return false;
    return act(async () => {
      const begun = await read(
        control.POST("/v1/zones/{zoneId}/provider-connections/oauth/authorize", {
          params: { path: { zoneId: zone } },
          body: { provider_id: provider.id, ...(subject.trim() ? { subject_id: subject.trim() } : {}) },
        }),
      );
      keepAttempt({ zone, provider: provider.id, state: begun.state });
      location.assign(httpsOnly(begun.authorization_url));
    });
  };
  return (
    <Form unsaved={false} onSubmit={begin}>
      <FormProblem error={error} />
      <TextField
        label="For whom"
        autoComplete="off"
        maxLength={512}
        placeholder="everybody who has none of their own"
        help="A subject or an application's id. Empty means everybody who has no account of their own."
        value={subject}
        wrong={wrongAt(error, "subject_id")}
        onChange={(event) => setSubject(event.target.value)}
      />
      <div className="row">
        <Button type="submit" busy={busy} refused={refused ?? elsewhere}>
          Connect an account…
        </Button>
      </div>
    </Form>
  );
}

/** Accounts that people connected at a provider. */
export function Connections({ zone, provider }: { zone: string; provider: Provider }) {
  const client = useQueryClient();
  const refused = useRefusal("stop");
  const query = useConnections(zone, provider.id);
  const [ending, setEnding] = useState<Connection>();
  return (
    <section className="stack-small" aria-labelledby="connections">
      <h3 id="connections">Connected accounts</h3>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">None. Calls that need one are refused until somebody connects it.</p>
          ) : (
            <ul className="stack-small">
              {items.map((connection) => (
                <li key={connection.id} className="spread">
                  <span>
                    <bdi>{connection.subject_id === SHARED ? "everybody else" : connection.subject_id}</bdi>{" "}
                    <Badge meaning={STATES[connection.status][0]}>{STATES[connection.status][1]}</Badge>{" "}
                    <span className="quiet small">
                      <Time at={connection.updated_at} />
                    </span>
                  </span>
                  {connection.status !== "revoked" && (
                    <Button
                      look="plain"
                      refused={refused}
                      aria-label={`Revoke the account of ${connection.subject_id}`}
                      onClick={() => setEnding(connection)}
                    >
                      Revoke…
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <Connect zone={zone} provider={provider} />
      {ending && (
        <Confirm
          title="Revoke the connection"
          label="Revoke it"
          onClose={() => setEnding(undefined)}
          act={async () => {
            await read(
              control.POST("/v1/zones/{zoneId}/provider-connections/revoke", {
                params: { path: { zoneId: zone } },
                body: { provider_id: provider.id, subject_id: ending.subject_id },
              }),
            );
            await client.invalidateQueries({ queryKey: ["zone", zone, "connections"] });
          }}
        >
          <p>
            Its tokens are deleted at once and taken back at the provider. Calls that need the account are
            refused until somebody connects it again.
          </p>
        </Confirm>
      )}
    </section>
  );
}
