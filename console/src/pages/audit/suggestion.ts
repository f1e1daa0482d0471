import type { Schema } from "../../api/client.ts";

type Change = Schema["DataChange"];

/** Where a change is made in the console; undefined where the agent has to do something else. */
export type Place = "policies" | "resources" | "providers" | "approvals" | "zones" | undefined;

/** A change that would let a refused request through, as a sentence, and where it is made. */
export function sentence(change: Change): readonly [string, Place] {
  switch (change.change) {
    case "activate_policy_set":
      return ["Put a policy set in force.", "policies"];
    case "remove_restriction":
      return [`Take the restriction “${change.reason}” away.`, "policies"];
    case "add_application_key":
      return [`Name the application ${change.application_id} in app_ids, as ${change.key}.`, "policies"];
    case "add_grant":
      return [`Grant ${change.resource} to ${change.application}.`, "policies"];
    case "move_grant":
      return [
        `Grant ${change.resource} to ${change.application} instead of ${change.instead_of}.`,
        "policies",
      ];
    case "add_role_scope":
      return [`Let the role ${change.label} of ${change.resource} hold ${change.scope}.`, "policies"];
    case "add_confinement_scope":
      return [`Let sessions confined by ${change.label_prefix} hold ${change.scope}.`, "policies"];
    case "start_session":
      return ["Ask in a session.", undefined];
    case "add_session_label":
      return [`Ask in a session that has the label ${change.label} too.`, undefined];
    case "delegate":
      return ["Ask under a delegation of the scopes asked for.", undefined];
    case "add_delegation_scope":
      return [`Delegate ${change.scope} too.`, undefined];
    case "add_delegation_resource":
      return [`Delegate ${change.resource} too.`, undefined];
    case "raise_delegation_ttl":
      return [`Let mandates of the delegation live ${change.seconds} seconds.`, undefined];
    case "mint_under_delegation":
      return ["Mint the mandate under a delegation.", undefined];
    case "add_mandate_target":
      return [`Mint the mandate for ${change.resource} too.`, undefined];
    case "add_mandate_scope":
      return [`Mint the mandate with ${change.scope} too.`, undefined];
    case "mint_again":
      return ["Mint another mandate: this one was used, has ended or is for something else.", undefined];
    case "drop_requested_scope":
      return [`Ask for everything but ${change.scope}.`, undefined];
    case "declare_resource":
      return [`Make the resource ${change.resource}.`, "resources"];
    case "declare_scope":
      return [`Declare the scope ${change.scope} of ${change.resource}.`, "resources"];
    case "declare_operation":
      return [`Declare ${change.method} ${change.path} of ${change.resource}.`, "resources"];
    case "thaw_zone":
      return ["Thaw the zone.", "zones"];
    case "approve":
      return ["Approve the request.", "approvals"];
    case "begin_again":
      return ["Begin anew in another session: what the request hung on has ended.", undefined];
    case "raise_budget":
      return [
        `Raise what budgets let ${change.operation} of ${change.resource} use up: its ${change.limit}.`,
        "policies",
      ];
    case "provide_credential":
      return [`Give ${change.resource} a credential that can be had.`, "providers"];
    case "connect_account":
      return [`Connect an account at the provider of ${change.resource}.`, "providers"];
    case "enforce_operations":
      return [`Have ${change.resource} take no operations but those that it declares.`, "resources"];
  }
}

const OBSTACLES: Readonly<Record<Schema["Obstacle"], string>> = {
  policy_unusable: "The policy could not be read, so nothing can be suggested.",
  policy_malformed: "A document of the policy has to be corrected first.",
  policy_unknown: "The policy that decided cannot be had any more.",
  nothing_asked: "The request asks for nothing.",
  too_much: "More would have to be different than anybody would go through.",
  not_by_data: "No change of data allows such a request.",
  not_recorded: "What was decided on is not recorded, so nothing can be suggested.",
};

/** Why nothing is suggested, where that is so. */
export function obstacle(suggestion: Schema["Suggestion"]): string | undefined {
  return suggestion.obstacle ? OBSTACLES[suggestion.obstacle] : undefined;
}
