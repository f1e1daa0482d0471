/** The next figure above a value that people read at a glance: 1, 2, 2.5 or 5 times a power of ten, at least `least`. */
export function ceiling(value: number, least = 4): number {
  const above = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(above));
  const step = [1, 2, 2.5, 5, 10].find((step) => step * power >= above) ?? 10;
  return step * power;
}

const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

/** A count as a chart has room for it. */
export const compact = (count: number): string => short.format(count);

/** Milliseconds as people say them. */
export function millis(count: number): string {
  if (count < 1_000) return `${count} ms`;
  return `${(count / 1_000).toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
}

/** The points of a line through what is there; where nothing is, the line breaks. */
export function path(values: ReadonlyArray<number | null>, most: number): string {
  let begun = false;
  return values
    .map((value, index) => {
      if (value === null) {
        begun = false;
        return "";
      }
      const x = index + 0.5;
      const y = 100 - (100 * Math.min(value, most)) / most;
      const alone = !begun && (values[index + 1] ?? null) === null;
      const point = `${begun ? "L" : "M"}${x} ${y.toFixed(2)}`;
      begun = true;
      // A point with no neighbours is as long as its slot.
      return alone ? `M${index + 0.1} ${y.toFixed(2)}L${index + 0.9} ${y.toFixed(2)}` : point;
    })
    .join("");
}
