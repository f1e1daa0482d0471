import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { control, read } from "../../api/client.ts";
import { FormProblem } from "../../parts/form.tsx";
import { Page, Skeleton } from "../../parts/page.tsx";
import { answerOf } from "../signed-in/answer.ts";
import { type Attempt, takeAttempt } from "./attempt.ts";

/** Finishes to connect an account with what a person came back with from the provider. */
export function ConnectedPage() {
  const [answer] = useState(() => answerOf(location.search));
  const [attempt, setAttempt] = useState<Attempt>();
  const [error, setError] = useState<unknown>();
  const begun = useRef(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    // The code stays in no history.
    window.history.replaceState(window.history.state, "", location.pathname);
    const own = answer && takeAttempt(answer.state);
    if (!answer || !own)
      return setError(new Error("This connection was not begun in this tab, or was finished. Begin again."));
    setAttempt(own);
    read(
      control.GET("/v1/zones/{zoneId}/provider-connections/oauth/callback", {
        params: { path: { zoneId: own.zone }, query: answer },
      }),
    )
      .then(async () => {
        await client.invalidateQueries({ queryKey: ["zone", own.zone, "connections"] });
        await navigate({
          to: "/z/$zone/providers",
          params: { zone: own.zone },
          search: { open: own.provider },
          replace: true,
        });
      })
      .catch(setError);
  }, [answer, client, navigate]);
  return (
    <Page title={error ? "The account is not connected" : "Connecting the account…"}>
      {error ? (
        <div className="stack">
          <FormProblem error={error} />
          <a href={attempt ? `/z/${attempt.zone}/providers?open=${attempt.provider}` : "/"}>
            {attempt ? "Back to the provider" : "Go to the overview"}
          </a>
        </div>
      ) : (
        <Skeleton />
      )}
    </Page>
  );
}
