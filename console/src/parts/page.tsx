import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { Problem } from "../api/problem.ts";
import { Button } from "./button.tsx";

/** A page: what, where, in which state, and the one main action. */
export function Page({
  title,
  about,
  action,
  children,
}: {
  title: string;
  about?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Caracal`;
  }, [title]);
  return (
    <div className="page">
      <header>
        <div>
          <h1>
            <bdi>{title}</bdi>
          </h1>
          {about && <p>{about}</p>}
        </div>
        {action && <div className="row">{action}</div>}
      </header>
      {children}
    </div>
  );
}

/** Nothing to show: what this is, why it is empty, and what fills it. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p className="quiet">{children}</p>
      {action}
    </div>
  );
}

/** Something is on its way. */
export function Skeleton() {
  return (
    <div role="status" aria-busy="true" aria-label="Loading">
      {["92%", "78%", "85%", "64%"].map((width) => (
        <span key={width} className="skeleton" style={{ width }} />
      ))}
    </div>
  );
}

/** Something could not be loaded, and what to do next. */
export function Failed({ error, again }: { error: unknown; again: () => void }) {
  const problem = error instanceof Problem ? error : undefined;
  return (
    <div role="alert" className="empty">
      <h2>{problem?.status === 403 ? "You may not see this" : "This could not be loaded"}</h2>
      <p>{error instanceof Error ? error.message : "Something went wrong."}</p>
      {problem?.requestId && (
        <p className="quiet small">
          Request <span className="mono">{problem.requestId}</span>
        </p>
      )}
      {problem?.status !== 403 && <Button onClick={again}>Try again</Button>}
    </div>
  );
}

/** What a query loaded, or how far it is. */
export function Loaded<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  if (query.isPending) return <Skeleton />;
  if (query.isError && query.data === undefined)
    return <Failed error={query.error} again={() => void query.refetch()} />;
  return (
    <>
      {query.isError && (
        <p role="status" className="note waiting">
          This is what was last loaded: {query.error.message}
        </p>
      )}
      {children(query.data as T)}
    </>
  );
}
