import { readFileSync } from "node:fs";

const SOURCE = readFileSync("src/router.tsx", "utf8");

/** The path of every page that the router knows, as it says it: `/z/$zone/audit`. */
const PAGES: readonly string[] = [
  ...SOURCE.matchAll(/\bpage\(\s*"([^"]+)"/g),
  ...SOURCE.matchAll(/\n {2}path: "([^"]+)",\n/g),
].map(([, path]) => path ?? "");
if (PAGES.length < 20) throw new Error("the pages are not found in the router as it is written now");

/** Pages that none of these places is of. */
export function unvisited(places: readonly string[]): string[] {
  const seen = new Set(
    places.map((place) => place.replace(/[?#].*$/, "").replace(/^\/z\/[^/]+/, "/z/$$zone")),
  );
  return PAGES.filter((page) => !seen.has(page));
}
