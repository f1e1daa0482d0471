/**
 * What shows as nothing, or turns what stands around it: control characters, marks of direction, blanks without width. Tabs and
 * ends of lines are what they look like.
 */
const HIDDEN =
  /[^\P{C}\n\t]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u115f\u1160\u2028\u2029\u3164\uffa0]/gu;

/** A text that a person decides by, with nothing in it that cannot be seen: an agent may want it to be read differently. */
export function plainly(text: string): string {
  return text.replace(HIDDEN, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
}
