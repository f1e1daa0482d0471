import { useQuery } from "@tanstack/react-query";
import { meQuery } from "../../api/me.ts";
import { Id } from "../../parts/show.tsx";

/** What those who act are, by how they are attributed. */
const KINDS: Readonly<Record<string, string>> = {
  account: "account",
  admin: "token",
  control: "control key",
  console: "account",
};

/** Who did something, as the services attribute it; whoever is signed in is told that it was they. */
export function By({ of }: { of: string | null | undefined }) {
  const me = useQuery(meQuery).data;
  if (!of) return <span className="quiet">unknown</span>;
  const [kind, id] = [of.slice(0, of.indexOf(":")), of.slice(of.indexOf(":") + 1)];
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (known === undefined) return <bdi>{of}</bdi>;
  return known === "account" && id === me?.account.id ? (
    <span>you</span>
  ) : (
    <span>
      {known} <Id of={id} />
    </span>
  );
}
