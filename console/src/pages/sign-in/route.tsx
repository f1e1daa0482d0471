import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { setupQuery } from "../../api/me.ts";
import { safeReturn } from "./away.ts";
import { Ways } from "./ways.tsx";

/** Signs in by each way that the deployment has. */
export function SignInPage() {
  const search = useSearch({ strict: false }) as { return?: string };
  const router = useRouter();
  const client = useQueryClient();
  const setup = useQuery(setupQuery);
  useEffect(() => {
    document.title = "Sign in · Caracal";
  }, []);
  return (
    <main className="alone">
      <div>
        <h1>Sign in to Caracal</h1>
        {setup.data?.needed && (
          <p className="note waiting">
            Nobody has an account yet. <code>caracal up</code> prints a link that makes the first one, on the
            machine where Caracal runs.
          </p>
        )}
        <Ways
          back={search.return}
          onDone={() => {
            client.clear();
            router.history.push(safeReturn(search.return));
          }}
        />
        <p className="quiet small">
          Forgotten the password? An owner can make a link with which you set another one.
        </p>
      </div>
    </main>
  );
}
