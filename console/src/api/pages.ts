/** A page of a listing as the services answer it. */
export type Listing<Row> = { items: Row[]; next_cursor?: string | null };

/**
 * The rows of a listing, page by page, until there are no more or there are `most`. A page that cannot be had fails all of it: what is
 * shown as everything is everything.
 */
export async function allOf<Row>(
  load: (after: { cursor?: string }) => Promise<Listing<Row>>,
  most: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await load(cursor === undefined ? {} : { cursor });
    rows.push(...page.items);
    const next = page.next_cursor ?? undefined;
    // One that leads back to where it came from would be followed for ever.
    cursor = next === cursor ? undefined : next;
  } while (cursor !== undefined && rows.length < most);
  return rows;
}
