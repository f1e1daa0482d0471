/** Data that stands in a policy as it is: objects, arrays and plain values, with nothing to be worked out. */

export type Literal =
  | string
  | number
  | boolean
  | null
  | readonly Literal[]
  | { readonly [name: string]: Literal };

/** Data with the place where it stands in the text, and so all that is in it. */
export type Node = {
  readonly start: number;
  readonly end: number;
  readonly value: Literal;
  /** Of an array. */
  readonly items?: readonly Node[];
  /** Of an object. */
  readonly members?: ReadonlyMap<string, Node>;
  /** Of an object: where the name of each member begins. */
  readonly names?: readonly number[];
};

/** Why a rule cannot be read as data. */
export class NotData extends Error {}

const MAX_DEPTH = 16;

class Reader {
  at: number;
  constructor(
    readonly text: string,
    start: number,
  ) {
    this.at = start;
  }

  /** Past blanks and comments. */
  skip(): void {
    const found = /^(?:\s|#[^\n]*)*/.exec(this.text.slice(this.at));
    this.at += found?.[0].length ?? 0;
  }

  take(sign: string): boolean {
    this.skip();
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  node(depth = 0): Node {
    if (depth > MAX_DEPTH) throw new NotData("it is nested too deep");
    this.skip();
    const start = this.at;
    if (this.take("{")) return this.object(start, depth);
    if (this.take("[")) return this.array(start, depth);
    const rest = this.text.slice(this.at);
    const found =
      /^"(?:[^"\\\n]|\\.)*"/.exec(rest) ??
      /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/.exec(rest);
    if (!found) throw new NotData("something in it has to be worked out");
    this.at += found[0].length;
    try {
      return { start, end: this.at, value: JSON.parse(found[0]) as Literal };
    } catch {
      throw new NotData("a text in it cannot be read");
    }
  }

  private array(start: number, depth: number): Node {
    const items: Node[] = [];
    while (!this.take("]")) {
      items.push(this.node(depth + 1));
      if (!this.take(",") && !this.closes("]")) throw new NotData("something in it has to be worked out");
    }
    return { start, end: this.at, value: items.map((item) => item.value), items };
  }

  private object(start: number, depth: number): Node {
    // A name such as `__proto__` is a name like any other.
    const members = new Map<string, Node>();
    const names: number[] = [];
    while (!this.take("}")) {
      const { start, value: name } = this.node(depth + 1);
      names.push(start);
      if (typeof name !== "string" || !this.take(":"))
        throw new NotData("something in it has to be worked out");
      if (members.has(name)) throw new NotData(`it names ${JSON.stringify(name)} twice`);
      members.set(name, this.node(depth + 1));
      if (!this.take(",") && !this.closes("}")) throw new NotData("something in it has to be worked out");
    }
    const value = Object.fromEntries([...members].map(([name, member]) => [name, member.value]));
    return { start, end: this.at, value, members, names };
  }

  private closes(sign: string): boolean {
    this.skip();
    return this.text.startsWith(sign, this.at);
  }
}

/**
 * Where the rule `name` gives its data, and which; undefined where there is no such rule.
 *
 * @throws NotData where it is more than one rule, or has to be worked out
 */
export function literalOf(text: string, name: string): Node | undefined {
  const rules = [...text.matchAll(new RegExp(`^(?:default[ \\t]+)?${name}(?![\\w])([^\\n]*)`, "gm"))];
  const [only, second] = rules;
  if (!only) return undefined;
  if (second) throw new NotData(`there is more than one rule ${name}`);
  const head = new RegExp(`^${name}[ \\t]*:=`).exec(only[0]);
  if (!head) throw new NotData(`${name} is not written as one object`);
  const reader = new Reader(text, only.index + head[0].length);
  const node = reader.node();
  const { end } = node;
  const [rest] = text.slice(end).split("\n", 1);
  if (!/^[ \t]*(?:#.*)?$/.test(rest ?? "")) throw new NotData(`${name} is not written as one object`);
  // A body that follows on the next line would belong to it.
  if (/^\s*(?:if|else)\b/.test(text.slice(end))) throw new NotData(`${name} has a condition`);
  return node;
}
