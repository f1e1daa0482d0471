/** A whole number that somebody typed; null where they typed nothing, undefined where it is none. */
export function wholeNumber(typed: string): number | null | undefined {
  const text = typed.trim();
  if (text === "") return null;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
