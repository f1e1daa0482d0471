import { control, read, type Schema } from "../../api/client.ts";
import { type Filled, policyText, provider, resource } from "./plan.ts";

/** What was made so far. After a failure the rest is made on top of it, and nothing twice. */
export type Made = {
  provider?: string;
  resource?: string;
  application?: { id: string; secret: string };
  policyVersion?: string;
  setVersion?: { set: string; version: string };
  active?: boolean;
};

type Step = {
  label: string;
  isDone: (made: Made) => boolean;
  run: (zone: string, filled: Filled, made: Made) => Promise<Made>;
};

const at = (zone: string) => ({ path: { zoneId: zone } });

/** The manifest in force, without versions of the same policy. */
async function inForce(zone: string): Promise<{ set?: string; manifest: Schema["ManifestEntry"][] }> {
  const { items } = await read(
    control.GET("/v1/zones/{zoneId}/policy-sets", { params: { ...at(zone), query: { limit: 500 } } }),
  );
  const active = items.find((set) => set.active_version_id);
  if (!active?.active_version_id) {
    const [first] = items;
    return first ? { set: first.id, manifest: [] } : { manifest: [] };
  }
  const version = await read(
    control.GET("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}", {
      params: { path: { zoneId: zone, id: active.id, versionId: active.active_version_id } },
    }),
  );
  return { set: active.id, manifest: version.manifest_json };
}

/** In the order in which one needs the other. */
export const STEPS: ReadonlyArray<Step> = [
  {
    label: "Seal the credential",
    isDone: (made) => made.provider !== undefined,
    run: async (zone, filled, made) => {
      const body = provider(filled);
      const { id } = await read(control.POST("/v1/zones/{zoneId}/providers", { params: at(zone), body }));
      return { ...made, provider: id };
    },
  },
  {
    label: "Declare the resource and its operations",
    isDone: (made) => made.resource !== undefined,
    run: async (zone, filled, made) => {
      const body = resource(filled, made.provider ?? "");
      const { id } = await read(control.POST("/v1/zones/{zoneId}/resources", { params: at(zone), body }));
      return { ...made, resource: id };
    },
  },
  {
    label: "Register the agent",
    isDone: (made) => made.application !== undefined,
    run: async (zone, filled, made) => {
      const body = { name: filled.application.trim(), registration_method: "managed" } as const;
      const answer = await read(control.POST("/v1/zones/{zoneId}/applications", { params: at(zone), body }));
      return { ...made, application: { id: answer.id, secret: answer.client_secret } };
    },
  },
  {
    label: "Write the policy",
    isDone: (made) => made.policyVersion !== undefined,
    run: async (zone, filled, made) => {
      const name = `${filled.application.trim()} on ${filled.name.trim()}`;
      const body = { name, content: policyText(filled, made.application?.id ?? "") };
      const { version_id } = await read(
        control.POST("/v1/zones/{zoneId}/policies", { params: at(zone), body }),
      );
      return { ...made, policyVersion: version_id };
    },
  },
  {
    label: "Add it to the policy set",
    isDone: (made) => made.setVersion !== undefined,
    run: async (zone, _, made) => {
      const current = await inForce(zone);
      const set =
        current.set ??
        (
          await read(
            control.POST("/v1/zones/{zoneId}/policy-sets", {
              params: at(zone),
              body: { name: "Everything in this zone" },
            }),
          )
        ).id;
      const manifest = [...current.manifest, { policy_version_id: made.policyVersion ?? "" }];
      const { version_id } = await read(
        control.POST("/v1/zones/{zoneId}/policy-sets/{id}/versions", {
          params: { path: { zoneId: zone, id: set } },
          body: { manifest },
        }),
      );
      return { ...made, setVersion: { set, version: version_id } };
    },
  },
  {
    label: "Put it in force",
    isDone: (made) => made.active === true,
    run: async (zone, _, made) => {
      const { set, version } = made.setVersion ?? { set: "", version: "" };
      await read(
        control.POST("/v1/zones/{zoneId}/policy-sets/{id}/activate", {
          params: { path: { zoneId: zone, id: set } },
          body: { version_id: version },
        }),
      );
      return { ...made, active: true };
    },
  },
];

/** Does what is left to do, telling each step. */
export async function runAll(
  zone: string,
  filled: Filled,
  before: Made,
  tell: (made: Made) => void,
): Promise<Made> {
  let made = before;
  for (const step of STEPS) {
    if (step.isDone(made)) continue;
    made = await step.run(zone, filled, made);
    tell(made);
  }
  return made;
}
