import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "./api/client.ts";
import { meQuery } from "./api/me.ts";
import { Problem } from "./api/problem.ts";
import { hasUnsaved } from "./parts/unsaved.ts";
import { makeRouter } from "./router.tsx";
import { endedAccount, noteEnded } from "./shell/session.ts";
import "./theme/tokens.css";
import "./theme/base.css";
import "./parts/parts.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What a caller got wrong stays wrong; what is only away may come back.
      retry: (times, error) =>
        times < 2 && (!(error instanceof Problem) || error.status === 0 || error.status === 503),
    },
  },
});
const router = makeRouter(client);

whenSignedOut(() => {
  const account = client.getQueryData(meQuery.queryKey)?.account.id ?? endedAccount();
  if (account !== undefined && hasUnsaved()) {
    noteEnded(account);
    return;
  }
  noteEnded(undefined);
  client.setQueryData(["me"], null);
  const { pathname, href } = router.state.location;
  if (pathname !== "/sign-in" && pathname !== "/link")
    void router.navigate({ to: "/sign-in", search: { return: href } });
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
