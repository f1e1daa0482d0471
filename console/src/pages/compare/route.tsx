import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Schema } from "../../api/client.ts";
import { SelectField } from "../../parts/form.tsx";
import { useAddress } from "../../parts/list.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { Badge, type Meaning } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Consequences } from "../policies/consequences.tsx";
import { ChangeBadge } from "../policies/differences.tsx";
import { Changes } from "../policies/editor.tsx";
import { inForceQuery, setVersionsQuery } from "../policies/queries.ts";
import { useNames } from "../sessions/queries.ts";
import { type Compared, diffQuery, type Member, textQuery } from "./queries.ts";
import { access, amount, became } from "./words.ts";
import "./compare.css";

const MEANINGS: Readonly<Record<Member["change"], Meaning>> = {
  added: "allowed",
  removed: "refused",
  changed: "waiting",
};

/** What changed in the text of a policy; it is read when somebody looks. */
function Text({ zone, member }: { zone: string; member: Member }) {
  const before = useQuery(textQuery(zone, member.policy_id, member.from?.policy_version_id));
  const after = useQuery(textQuery(zone, member.policy_id, member.to?.policy_version_id));
  return (
    <Loaded query={before}>
      {(before) => <Loaded query={after}>{(after) => <Changes before={before} after={after} />}</Loaded>}
    </Loaded>
  );
}

function Policies({ zone, compared }: { zone: string; compared: Compared }) {
  const { policies, unchanged_policies: same } = compared;
  return (
    <section className="stack-small" aria-labelledby="policies">
      <h2 id="policies">Which policies differ?</h2>
      {policies.length === 0 ? (
        <p className="quiet">None: both have the same versions of the same policies.</p>
      ) : (
        <ul className="members">
          {policies.map((member) => (
            <li key={`${member.policy_id} ${member.to?.policy_version_id ?? member.from?.policy_version_id}`}>
              <details open={policies.length === 1}>
                <summary>
                  <Badge meaning={MEANINGS[member.change]}>{member.change}</Badge>{" "}
                  <strong>
                    <bdi>{member.name ?? "A policy that was archived"}</bdi>
                  </strong>{" "}
                  <span className="quiet">{became(member)}</span>
                </summary>
                <Text zone={zone} member={member} />
              </details>
            </li>
          ))}
        </ul>
      )}
      {same > 0 && (
        <p className="quiet small">
          {same === 1 ? "1 policy is" : `${same.toLocaleString()} policies are`} the same in both.
        </p>
      )}
    </section>
  );
}

function Statements({ document }: { document: Schema["DocumentDiff"] }) {
  const lines = (sign: string, kind: string, statements: readonly unknown[]) =>
    statements.map((statement) => {
      const text = JSON.stringify(statement);
      return (
        <span key={`${kind}${text}`} className={kind}>
          {sign} {text}
        </span>
      );
    });
  const hidden =
    document.added_count + document.removed_count - document.added.length - document.removed.length;
  return (
    <div className="stack-small">
      <div className="diff">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
        <section className="scroll" tabIndex={0} aria-label={`Statements of ${document.document}`}>
          <pre>
            {lines("−", "taken", document.removed)}
            {lines("+", "added", document.added)}
          </pre>
        </section>
      </div>
      {hidden > 0 && <p className="quiet small">{hidden.toLocaleString()} more are not shown.</p>}
    </div>
  );
}

function Documents({ compared: { documents } }: { compared: Compared }) {
  return (
    <section className="stack-small" aria-labelledby="documents">
      <h2 id="documents">What do they state otherwise?</h2>
      {documents.length === 0 ? (
        <p className="quiet">Nothing: all documents say the same.</p>
      ) : (
        <ul className="members">
          {documents.map((document) => (
            <li key={document.document}>
              <details open={documents.length <= 3}>
                <summary>
                  <code>{document.document}</code> <span className="quiet">{amount(document)}</span>
                </summary>
                <Statements document={document} />
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Access({ zone, compared }: { zone: string; compared: Compared }) {
  const names = useNames(zone);
  const { changes } = compared.access;
  const changed =
    compared.access.newly_denied +
    compared.access.newly_allowed +
    compared.access.newly_held +
    compared.access.held_otherwise;
  return (
    <section className="stack-small" aria-labelledby="access">
      <h2 id="access">Who could be given what otherwise?</h2>
      <p className="quiet">{access(compared.access)}</p>
      {changes.length > 0 && (
        <Table heads={["Would be", "Application", "Resource", "Label", "Scope"]} stacked>
          {changes.map((change) => (
            <tr key={JSON.stringify([change.application_id, change.resource, change.label, change.scope])}>
              <td>
                <ChangeBadge of={change.change} />
                {change.reason && <div className="quiet small">{change.reason.replaceAll("_", " ")}</div>}
              </td>
              <td title={change.application_id}>
                <bdi>{names.get(change.application_id) ?? change.application_id}</bdi>
              </td>
              <td className="mono">{change.resource}</td>
              <td>
                <bdi>{change.label}</bdi>
              </td>
              <td className="mono">{change.scope}</td>
            </tr>
          ))}
        </Table>
      )}
      {changed > changes.length && (
        <p className="quiet small">{(changed - changes.length).toLocaleString()} more are not shown.</p>
      )}
    </section>
  );
}

/** Two versions of a policy set beside each other: what stands in them, and what would be decided otherwise. */
export function ComparePage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const forced = useQuery(inForceQuery(zone));
  const current = forced.data;
  const set = address["set"] ?? current?.set?.id;
  const versions = useQuery({ ...setVersionsQuery(zone, set ?? ""), enabled: set !== undefined });
  // Where there is no set at all there is nothing to wait for.
  const listed = set === undefined ? forced : versions;
  const items = versions.data?.items ?? [];
  const live = current?.version?.id;
  const to = address["to"] ?? items.find((one) => one.id !== live)?.id;
  const from = address["from"] ?? live;
  const query = useQuery({
    ...diffQuery(zone, set ?? "", from, to ?? ""),
    enabled: set !== undefined && to !== undefined && from !== to,
  });
  const called = (id: string, number: number | string) =>
    `Version ${number}${id === live ? ", in force" : ""}`;
  const options = (chosen: string | undefined) => [
    ...items.map((one) => [one.id, called(one.id, one.version)] as const),
    // One that is older than those of the list.
    ...(chosen && !items.some((one) => one.id === chosen)
      ? [[chosen, called(chosen, "of the link")] as const]
      : []),
  ];
  return (
    <Page
      title="Compare versions"
      about={
        <>
          What stands in two versions of{" "}
          <Link to="/z/$zone/policies" params={{ zone }}>
            the policies
          </Link>
          , and what would be decided otherwise.
        </>
      }
    >
      <Loaded<unknown> query={listed}>
        {() =>
          items.length < 2 || to === undefined ? (
            <Empty
              title="There is nothing to compare yet"
              action={
                <Link className="button main" to="/z/$zone/policies" params={{ zone }}>
                  Go to the policies
                </Link>
              }
            >
              Each time that policies are put in force, or tried, the set has a new version. From the second
              on they can be compared.
            </Empty>
          ) : (
            <div className="stack-large">
              <div className="pairs compared">
                <SelectField
                  label="From"
                  options={options(from)}
                  value={from ?? ""}
                  onChange={(event) => setAddress({ from: event.target.value, to, set })}
                />
                <SelectField
                  label="To"
                  options={options(to)}
                  value={to}
                  onChange={(event) => setAddress({ to: event.target.value, from, set })}
                />
              </div>
              {from === to ? (
                <p className="quiet">This is one and the same version.</p>
              ) : (
                <Loaded query={query}>
                  {(compared) => (
                    <>
                      <Policies zone={zone} compared={compared} />
                      <Documents compared={compared} />
                      <Access zone={zone} compared={compared} />
                    </>
                  )}
                </Loaded>
              )}
              {set !== undefined && to !== live && (
                <Consequences key={to} zone={zone} version={async () => ({ set, version: to })} />
              )}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}
