/** A number with what is counted, as in “1 session” and “14 sessions”. */
export function many(count: number, one: string, more: string): string {
  return `${count.toLocaleString()} ${count === 1 ? one : more}`;
}
