/** Changes in the middle of a text, each as small as can be: comments and the way it is written stay. */

import type { Node } from "../grants/literal.ts";

/** The blanks before what stands first on its line; undefined where something else stands before it. */
function indentAt(text: string, at: number): string | undefined {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  return /^[ \t]*$/.test(line) ? line : undefined;
}

/** Where what is put behind the last of some is put: behind its comma, where it has one. */
function behind(
  text: string,
  close: number,
  first: number | undefined,
  last: number | undefined,
  put: string,
) {
  const before = text.slice(0, close);
  if (first === undefined || last === undefined) return `${before}${put}${text.slice(close)}`;
  const indent = indentAt(text, first);
  const separator = indent === undefined ? ", " : `,\n${indent}`;
  return text.slice(0, last) + separator + put + text.slice(last);
}

/** The text with a further item at the end of an array. */
export function withItem(text: string, array: Node, data: string): string {
  const items = array.items ?? [];
  return behind(text, array.end - 1, items[0]?.start, items.at(-1)?.end, data);
}

/** The text with a further member at the end of an object. */
export function withMember(text: string, object: Node, name: string, data: string): string {
  const members = [...(object.members?.values() ?? [])];
  const put = `${JSON.stringify(name)}: ${data}`;
  return behind(text, object.end - 1, object.names?.[0], members.at(-1)?.end, put);
}

/** The text with other data in the place of a node. */
export function replaced(text: string, node: Node, data: string): string {
  return text.slice(0, node.start) + data + text.slice(node.end);
}

/** The text without what stands from `start` to `end`, and without the comma that belongs to it. */
export function without(text: string, start: number, end: number): string {
  const after = /^\s*,[ \t]*/.exec(text.slice(end));
  if (after) return text.slice(0, start) + text.slice(end + after[0].length);
  const before = /,\s*$/.exec(text.slice(0, start));
  return text.slice(0, start - (before?.[0].length ?? 0)) + text.slice(end);
}
