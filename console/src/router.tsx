import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  useRouter,
} from "@tanstack/react-router";
import { meQuery } from "./api/me.ts";
import { zonesQuery } from "./pages/zones/queries.ts";
import { Failed } from "./parts/page.tsx";
import { Shell } from "./shell/shell.tsx";

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => (
    <main className="alone">
      <div>
        <h1>There is no such page</h1>
        <p className="quiet">The address may be mistyped, or what it names may be gone.</p>
        <a href="/">Go to the overview</a>
      </div>
    </main>
  ),
});

/** An address that says nothing more than text. */
const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { return?: string } => {
    const back = text(search["return"]);
    return back ? { return: back } : {};
  },
  component: lazyRouteComponent(() => import("./pages/sign-in/route.tsx"), "SignInPage"),
});
const signedIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/callback",
  component: lazyRouteComponent(() => import("./pages/signed-in/route.tsx"), "SignedInPage"),
});
const link = createRoute({
  getParentRoute: () => root,
  path: "/link",
  component: lazyRouteComponent(() => import("./pages/link/route.tsx"), "LinkPage"),
});

/** Everything else is for somebody who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  errorComponent: ({ error }) => {
    const router = useRouter();
    return (
      <div className="page">
        <Failed error={error} again={() => void router.invalidate()} />
      </div>
    );
  },
  beforeLoad: async ({ context, location }) => {
    const me = await context.client.fetchQuery(meQuery);
    if (me === null)
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { return: location.href } });
  },
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: async ({ context }) => {
    const { items } = await context.client.fetchQuery(zonesQuery);
    const [first] = items;
    throw first ? redirect({ to: "/z/$zone", params: { zone: first.id } }) : redirect({ to: "/zones" });
  },
});

const page = <const Path extends string>(
  path: Path,
  load: () => Promise<Record<string, unknown>>,
  name: string,
) =>
  createRoute({
    getParentRoute: () => inside,
    path,
    // What a page shows is in its address, so that a link to it shows the same.
    validateSearch: (search: Record<string, unknown>): Record<string, string> =>
      Object.fromEntries(
        Object.entries(search).flatMap(([key, value]) =>
          ["string", "number", "boolean"].includes(typeof value) ? [[key, String(value)]] : [],
        ),
      ),
    component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name as never),
  });

const tree = root.addChildren([
  signIn,
  signedIn,
  link,
  inside.addChildren([
    home,
    page("/zones", () => import("./pages/zones/route.tsx"), "ZonesPage"),
    page("/z/$zone", () => import("./pages/overview/route.tsx"), "OverviewPage"),
    page("/z/$zone/protect", () => import("./pages/protect/route.tsx"), "ProtectPage"),
    page("/z/$zone/protect/mcp", () => import("./pages/protect/route.tsx"), "ProtectMcpPage"),
    page("/z/$zone/document", () => import("./pages/document/route.tsx"), "DocumentPage"),
    page("/z/$zone/applications", () => import("./pages/applications/route.tsx"), "ApplicationsPage"),
    page("/z/$zone/workloads", () => import("./pages/workloads/route.tsx"), "WorkloadsPage"),
    page("/z/$zone/issuers", () => import("./pages/issuers/route.tsx"), "IssuersPage"),
    page("/z/$zone/providers", () => import("./pages/providers/route.tsx"), "ProvidersPage"),
    page("/connections/callback", () => import("./pages/connected/route.tsx"), "ConnectedPage"),
    page("/z/$zone/resources", () => import("./pages/resources/route.tsx"), "ResourcesPage"),
    page("/z/$zone/policies", () => import("./pages/policies/route.tsx"), "PoliciesPage"),
    page("/z/$zone/policies/compare", () => import("./pages/compare/route.tsx"), "ComparePage"),
    page("/z/$zone/subjects", () => import("./pages/subjects/route.tsx"), "SubjectsPage"),
    page("/z/$zone/sessions", () => import("./pages/sessions/route.tsx"), "SessionsPage"),
    page("/z/$zone/approvals", () => import("./pages/approvals/route.tsx"), "ApprovalsPage"),
    page("/z/$zone/delegations", () => import("./pages/delegations/route.tsx"), "DelegationsPage"),
    page("/z/$zone/notifications", () => import("./pages/notifications/route.tsx"), "NotificationsPage"),
    page("/diagnostics", () => import("./pages/diagnostics/route.tsx"), "DiagnosticsPage"),
    page("/z/$zone/audit", () => import("./pages/audit/route.tsx"), "AuditPage"),
    page("/z/$zone/changes", () => import("./pages/changes/route.tsx"), "ChangesPage"),
    page("/accounts", () => import("./pages/accounts/route.tsx"), "AccountsPage"),
    page("/tokens", () => import("./pages/tokens/route.tsx"), "TokensPage"),
    page("/receipts", () => import("./pages/receipts/route.tsx"), "ReceiptsPage"),
    page("/settings", () => import("./pages/settings/route.tsx"), "SettingsPage"),
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
