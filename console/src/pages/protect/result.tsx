import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTail } from "../../api/live.ts";
import { Pulse } from "../../parts/pulse.tsx";
import { Badge, Code } from "../../parts/show.tsx";
import { actor, reason } from "../audit/words.ts";
import { environment, type Facts, LANGUAGES } from "./snippets.ts";

/** Everything is made: what to run, and whether it arrived. */
export function Result({ facts }: { facts: Facts }) {
  const [language, setLanguage] = useState("curl");
  const { events, freshness } = useTail(facts.zone, {}, false);
  const ours = events.filter((event) => actor(event) === facts.application);
  const called = ours.find((event) => event.event_type === "gateway_resource_request");
  const minted = ours.some((event) => event.event_type === "token_exchange" && event.decision === "allow");
  const refused = ours.find((event) => event.decision === "deny");
  const chosen = LANGUAGES.find(({ name }) => name === language) ?? LANGUAGES[0];
  return (
    <div className="stack-large">
      <section className="stack-small" aria-labelledby="secret">
        <h2 id="secret">1. Give the agent its identity</h2>
        <p className="quiet">The secret stands here once. Put it where your agent reads secrets.</p>
        <Code label="Environment of the agent" text={environment(facts)} />
      </section>
      <section className="stack-small" aria-labelledby="call">
        <h2 id="call">2. Make the first call</h2>
        <div className="tabs" role="tablist" aria-label="Language">
          {LANGUAGES.map(({ name }) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={name === language}
              onClick={() => setLanguage(name)}
            >
              {name}
            </button>
          ))}
        </div>
        {chosen && <Code label={`First call in ${chosen.name}`} text={chosen.write(facts)} />}
      </section>
      <section className="stack-small" aria-labelledby="arrived" aria-live="polite">
        <div className="spread">
          <h2 id="arrived">3. See it arrive</h2>
          <Pulse of={freshness} />
        </div>
        <ul className="steps">
          <li className={ours.length > 0 ? "done" : ""}>The agent proved who it is</li>
          <li className={minted ? "done" : ""}>It was given a mandate</li>
          <li className={called?.decision === "allow" ? "done" : ""}>Its call went through the Gateway</li>
        </ul>
        {refused && (
          <p className="row">
            <Badge meaning="refused">refused</Badge> {(reason(refused) ?? "").replaceAll("_", " ")}
            <Link to="/z/$zone/audit" params={{ zone: facts.zone }} search={{ request: refused.request_id }}>
              Why
            </Link>
          </p>
        )}
        {called?.decision === "allow" && (
          <p className="row">
            <Badge meaning="allowed">The first call was allowed</Badge>
            <Link to="/z/$zone/audit" params={{ zone: facts.zone }} search={{ request: called.request_id }}>
              See its evidence
            </Link>
          </p>
        )}
      </section>
    </div>
  );
}
