/** Data that stands in a policy as it is: objects, arrays and plain values, with nothing to be worked out. */

export type Literal =
  | string
  | number
  | boolean
  | null
  | readonly Literal[]
  | { readonly [name: string]: Literal };

export type Place = { readonly start: number; readonly end: number; readonly value: Literal };

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

  value(depth = 0): Literal {
    if (depth > MAX_DEPTH) throw new NotData("it is nested too deep");
    if (this.take("{")) return this.object(depth);
    if (this.take("[")) return this.array(depth);
    this.skip();
    const rest = this.text.slice(this.at);
    const found =
      /^"(?:[^"\\\n]|\\.)*"/.exec(rest) ??
      /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/.exec(rest);
    if (!found) throw new NotData("something in it has to be worked out");
    this.at += found[0].length;
    try {
      return JSON.parse(found[0]) as Literal;
    } catch {
      throw new NotData("a text in it cannot be read");
    }
  }

  private array(depth: number): Literal {
    const items: Literal[] = [];
    while (!this.take("]")) {
      items.push(this.value(depth + 1));
      if (!this.take(",") && !this.closes("]")) throw new NotData("something in it has to be worked out");
    }
    return items;
  }

  private object(depth: number): Literal {
    // A name such as `__proto__` is a name like any other.
    const members = new Map<string, Literal>();
    while (!this.take("}")) {
      const name = this.value(depth + 1);
      if (typeof name !== "string" || !this.take(":"))
        throw new NotData("something in it has to be worked out");
      if (members.has(name)) throw new NotData(`it names ${JSON.stringify(name)} twice`);
      members.set(name, this.value(depth + 1));
      if (!this.take(",") && !this.closes("}")) throw new NotData("something in it has to be worked out");
    }
    return Object.fromEntries(members);
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
export function literalOf(text: string, name: string): Place | undefined {
  const rules = [...text.matchAll(new RegExp(`^(?:default[ \\t]+)?${name}(?![\\w])([^\\n]*)`, "gm"))];
  const [only, second] = rules;
  if (!only) return undefined;
  if (second) throw new NotData(`there is more than one rule ${name}`);
  const head = new RegExp(`^${name}[ \\t]*:=`).exec(only[0]);
  if (!head) throw new NotData(`${name} is not written as one object`);
  const reader = new Reader(text, only.index + head[0].length);
  reader.skip();
  const start = reader.at;
  const value = reader.value();
  const end = reader.at;
  const [rest] = text.slice(end).split("\n", 1);
  if (!/^[ \t]*(?:#.*)?$/.test(rest ?? "")) throw new NotData(`${name} is not written as one object`);
  // A body that follows on the next line would belong to it.
  if (/^\s*(?:if|else)\b/.test(text.slice(end))) throw new NotData(`${name} has a condition`);
  return { start, end, value };
}
