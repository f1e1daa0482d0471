/** What an explanation says would allow a request, made in the text of a policy. */

import type { Schema } from "../../../api/client.ts";
import { literalOf, type Node, NotData } from "../grants/literal.ts";
import { replaced, withItem, withMember, without } from "./edit.ts";

export type DataChange = Schema["DataChange"];

/** The changes that are made in the text of a policy. */
export type TextChange = Extract<
  DataChange,
  {
    change:
      | "remove_restriction"
      | "add_application_key"
      | "add_grant"
      | "move_grant"
      | "add_role_scope"
      | "add_confinement_scope";
  }
>;

/** Those of them. */
export function textChanges(changes: readonly DataChange[]): TextChange[] {
  return changes.filter((one): one is TextChange => {
    switch (one.change) {
      case "remove_restriction":
      case "add_application_key":
      case "add_grant":
      case "move_grant":
      case "add_role_scope":
      case "add_confinement_scope":
        return true;
      default:
        return false;
    }
  });
}

const quoted = (text: string): string => JSON.stringify(text);

function rule(text: string, name: string): Node {
  const found = literalOf(text, name);
  if (!found) throw new NotData(`it has no rule ${name}`);
  return found;
}

function object(node: Node | undefined, what: string): Node & { members: ReadonlyMap<string, Node> } {
  if (!node?.members) throw new NotData(`${what} is not there, or no object`);
  return node as Node & { members: ReadonlyMap<string, Node> };
}

function grantOf(text: string, resource: string) {
  return object(object(rule(text, "grants"), "grants").members.get(resource), `the grant of ${resource}`);
}

const holds = (list: Node, item: string): boolean =>
  Array.isArray(list.value) && (list.value as readonly unknown[]).includes(item);

function scoped(text: string, list: Node | undefined, what: string, scope: string): string {
  if (!list?.items) throw new NotData(`${what} is no list of scopes`);
  return holds(list, scope) ? text : withItem(text, list, quoted(scope));
}

/** The place of a restriction in the text; undefined where there is none. */
function restriction(text: string, reason: string): readonly [start: number, end: number] | undefined {
  const restrict = literalOf(text, "restrict");
  const said = (node: Node) => (typeof node.value === "string" ? node.value : JSON.stringify(node.value));
  const item = restrict?.items?.find((one) => said(one) === reason);
  if (item) return [item.start, item.end];
  const index = [...(restrict?.members?.keys() ?? [])].indexOf(reason);
  const [start, end] = [restrict?.names?.[index], restrict?.members?.get(reason)?.end];
  return start === undefined || end === undefined ? undefined : [start, end];
}

function unrestricted(text: string, reason: string): string {
  let [next, place] = [text, restriction(text, reason)];
  if (!place) throw new NotData("it has no such restriction");
  while (place) {
    next = without(next, ...place);
    place = restriction(next, reason);
  }
  return next;
}

function confined(text: string, prefix: string, scope: string): string {
  const of = (node: Node) => node.members?.get("label_prefix")?.value === prefix;
  const found = rule(text, "confinement").items?.filter(of) ?? [];
  if (found.length === 0) throw new NotData(`no rule of confinement is for ${prefix}`);
  // From the last on: what stands before keeps its place.
  return found.reduceRight(
    (changed, one) => scoped(changed, one.members?.get("scopes"), `the confinement of ${prefix}`, scope),
    text,
  );
}

function made(text: string, change: TextChange): string {
  switch (change.change) {
    case "remove_restriction":
      return unrestricted(text, change.reason);
    case "add_application_key": {
      const keys = object(rule(text, "app_ids"), "app_ids");
      const there = keys.members.get(change.key);
      if (there?.value === change.application_id) return text;
      if (there) throw new NotData(`app_ids has ${change.key} for another application`);
      return withMember(text, keys, change.key, quoted(change.application_id));
    }
    case "add_grant": {
      const keys = object(rule(text, "app_ids"), "app_ids");
      if (!keys.members.has(change.application)) throw new NotData(`app_ids has no ${change.application}`);
      const grants = object(rule(text, "grants"), "grants");
      if (grants.members.has(change.resource)) return text;
      const data = `{"application": ${quoted(change.application)}, "roles": {}}`;
      return withMember(text, grants, change.resource, data);
    }
    case "move_grant": {
      const { members } = grantOf(text, change.resource);
      const application = members.get("application");
      if (!application) throw new NotData(`the grant of ${change.resource} names no application`);
      return replaced(text, application, quoted(change.application));
    }
    case "add_role_scope": {
      const roles = object(
        grantOf(text, change.resource).members.get("roles"),
        `the roles of ${change.resource}`,
      );
      const role = roles.members.get(change.label);
      return role
        ? scoped(text, role, `the role ${change.label}`, change.scope)
        : withMember(text, roles, change.label, `[${quoted(change.scope)}]`);
    }
    case "add_confinement_scope":
      return confined(text, change.label_prefix, change.scope);
  }
}

/**
 * The text with all of the changes; the same where it has them already.
 *
 * @throws NotData where one of them is not made in this text, or not by somebody who only reads data
 */
export function withChanges(text: string, changes: readonly TextChange[]): string {
  return changes.reduce(made, text);
}
