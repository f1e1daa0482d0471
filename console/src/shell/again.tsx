import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { meQuery } from "../api/me.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Skeleton } from "../parts/page.tsx";
import { giveUp } from "../parts/unsaved.ts";
import { noteEnded, useEnded } from "./session.ts";

const Ways = lazy(() => import("../pages/sign-in/ways.tsx").then(({ Ways }) => ({ default: Ways })));

/** Where a session ends while something is typed: the page stays as it is until somebody is signed in again. */
export function SignInAgain() {
  const account = useEnded();
  const client = useQueryClient();
  if (account === undefined) return null;
  const goOn = async () => {
    const me = await client.fetchQuery({ ...meQuery, staleTime: 0 });
    if (me === null) throw new Error("Nobody is signed in here yet.");
    noteEnded(undefined);
    if (me.account.id !== account) {
      // What somebody typed is for nobody else.
      giveUp();
      client.clear();
      location.assign("/");
    } else await client.invalidateQueries();
  };
  return (
    <Dialog title="Your session has ended" onClose={() => void goOn().catch(() => noteEnded(undefined))}>
      <p>Sign in again. What you typed stays here until then.</p>
      <Suspense fallback={<Skeleton />}>
        <Ways stays onDone={goOn} />
      </Suspense>
    </Dialog>
  );
}
