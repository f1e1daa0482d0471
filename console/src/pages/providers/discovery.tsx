import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { FormProblem, TextField, wrongAt } from "../../parts/form.tsx";

/** Reads what an issuer publishes of itself, so that nobody has to copy addresses. */
export function Discovery({
  zone,
  onFound,
}: {
  zone: string;
  onFound: (found: Schema["DiscoveredProvider"]) => void;
}) {
  const [issuer, setIssuer] = useState("");
  const [found, setFound] = useState<Schema["DiscoveredProvider"]>();
  const { act, busy, error } = useAct();
  const look = () =>
    act(async () => {
      setFound(undefined);
      const answer = await read(
        control.POST("/v1/zones/{zoneId}/providers/discovery", {
          params: { path: { zoneId: zone } },
          body: { issuer: issuer.trim() },
        }),
      );
      setFound(answer);
      onFound(answer);
    });
  return (
    <section className="stack-small" aria-label="Endpoints from the issuer">
      <TextField
        label="Issuer to read the endpoints from"
        type="url"
        placeholder="https://login.example.com"
        help="It publishes them at /.well-known. They can be typed below as well."
        value={issuer}
        wrong={wrongAt(error, "issuer")}
        onChange={(event) => setIssuer(event.target.value)}
        onKeyDown={(event) => {
          // Enter reads; it does not send the form around it.
          if (event.key !== "Enter") return;
          event.preventDefault();
          void look();
        }}
      />
      <div className="row">
        <Button
          busy={busy}
          refused={issuer.trim() === "" ? "Type the issuer first." : undefined}
          onClick={() => void look()}
        >
          {busy ? "Reading…" : "Fill in what it publishes"}
        </Button>
        {found && (
          <span role="status" className="quiet small">
            Filled in from <bdi>{found.issuer}</bdi>.
          </span>
        )}
      </div>
      <FormProblem error={error} />
    </section>
  );
}
