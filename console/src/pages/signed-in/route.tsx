import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { own } from "../../api/client.ts";
import { FormProblem } from "../../parts/form.tsx";
import { Skeleton } from "../../parts/page.tsx";
import { takeReturn } from "../sign-in/away.ts";
import { type Answer, answerOf } from "./answer.ts";

/** Takes what the identity provider sent along, and signs in. */
export function SignedInPage() {
  const [answer] = useState<Answer | undefined>(() => answerOf(location.search));
  const [error, setError] = useState<unknown>();
  const begun = useRef(false);
  const router = useRouter();
  const client = useQueryClient();
  useEffect(() => {
    document.title = "Signing in · Caracal";
    if (begun.current) return;
    begun.current = true;
    // The code stays in no history.
    window.history.replaceState(window.history.state, "", location.pathname);
    if (!answer) return setError(new Error("The identity provider sent nothing along. Begin again."));
    own("POST", "/api/session/single-sign-on", answer)
      .then(() => {
        client.clear();
        router.history.replace(takeReturn());
      })
      .catch(setError);
  }, [answer, client, router]);
  return (
    <main className="alone">
      <div>
        <h1>{error ? "You are not signed in" : "Signing in…"}</h1>
        {error ? (
          <>
            <FormProblem error={error} />
            <a href="/sign-in">Go to the sign-in page</a>
          </>
        ) : (
          <Skeleton />
        )}
      </div>
    </main>
  );
}
