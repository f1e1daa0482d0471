import { queryOptions } from "@tanstack/react-query";
import { read, type WebSchema, web } from "./client.ts";
import { Problem } from "./problem.ts";

/** The roles that say how they are. */
const ROLES = ["api", "sts", "gateway", "coordinator", "audit"] as const;
export type RoleName = (typeof ROLES)[number];

/** How a role is. `untold` is one whose place the role web does not know. */
export type RoleHealth =
  | { readonly role: RoleName; readonly state: "said"; readonly said: WebSchema["Readiness"] }
  | { readonly role: RoleName; readonly state: "away" | "untold" };

const isReadiness = (body: unknown): body is WebSchema["Readiness"] =>
  typeof (body as WebSchema["Readiness"] | undefined)?.ready === "boolean";

async function ask(role: RoleName): Promise<RoleHealth> {
  const asked = web.GET("/api/roles/{role}/ready", { params: { path: { role } } });
  try {
    return { role, state: "said", said: await read(asked) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Not ready is an answer too.
    const body: unknown = error.status === 503 ? (await asked).error : undefined;
    if (isReadiness(body)) return { role, state: "said", said: body };
    if (error.status === 404) return { role, state: "untold" };
    if (error.status === 503) return { role, state: "away" };
    throw error;
  }
}

/** How each role is, as it says itself. */
export const rolesQuery = queryOptions({
  queryKey: ["roles"],
  queryFn: () => Promise.all(ROLES.map(ask)),
  refetchInterval: 10_000,
});
