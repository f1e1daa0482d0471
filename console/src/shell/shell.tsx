import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { own } from "../api/client.ts";
import { meQuery } from "../api/me.ts";
import { rolesQuery } from "../api/roles.ts";
import { approvalCountsQuery } from "../pages/approvals/queries.ts";
import { standing } from "../pages/overview/health.ts";
import { signOutAt } from "../pages/sign-in/away.ts";
import { Frozen } from "../pages/zones/freeze.tsx";
import { zonesQuery } from "../pages/zones/queries.ts";
import { Button } from "../parts/button.tsx";
import { giveUp } from "../parts/unsaved.ts";
import { SignInAgain } from "./again.tsx";
import { theme } from "./appearance.ts";
import { AskBeforeLeaving } from "./leaving.tsx";
import { Palette } from "./palette.tsx";
import { OF_DEPLOYMENT, OF_ZONE } from "./places.ts";
import "./shell.css";

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <path
        d="M8 24 7 7l6 5h6l6-5-1 17-5-4h-6z"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.6"
        strokeLinejoin="round"
      />
    </svg>
  );
}

function ZoneSwitch({ zone }: { zone: string }) {
  const zones = useQuery(zonesQuery).data?.items ?? [];
  const navigate = useNavigate();
  const options = zones.some((one) => one.id === zone) ? zones : [{ id: zone, name: zone }, ...zones];
  return (
    <select
      aria-label="Zone"
      className="input"
      value={zone}
      onChange={(event) => void navigate({ to: "/z/$zone", params: { zone: event.target.value } })}
    >
      {options.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </select>
  );
}

function ThemeSwitch() {
  const chosen = theme.use();
  return (
    <select
      aria-label="Theme"
      className="input"
      value={chosen}
      onChange={(event) => theme.set(event.target.value as typeof chosen)}
    >
      <option value="system">Theme of the system</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

/** How many requests wait for a person, beside the way to them. */
function Waiting({ zone }: { zone: string }) {
  const pending = useQuery(approvalCountsQuery(zone)).data?.pending ?? 0;
  if (pending === 0) return null;
  return (
    <span className="count">
      {pending.toLocaleString()}
      <span className="hidden-visually"> waiting</span>
    </span>
  );
}

/** Whether everything is at work, on every page; it leads to what is not. */
function Health() {
  const { data, isError } = useQuery(rolesQuery);
  if (!data && !isError) return null;
  const bad = data?.filter((one) => ["refused", "waiting"].includes(standing(one).meaning)).length ?? 0;
  const fine = !isError && bad === 0;
  return (
    <Link to="/diagnostics" className={fine ? "pulse" : "pulse stale"}>
      {isError
        ? "Not told how the roles are"
        : fine
          ? "Everything is at work"
          : `${bad} of the roles need a look`}
    </Link>
  );
}

/** The frame around every page of somebody who is signed in. */
export function Shell() {
  const { zone: here } = useParams({ strict: false }) as { zone?: string };
  // Pages of the deployment are on the way between pages of a zone: the way back stays where it was.
  const [left, setLeft] = useState(here);
  if (here !== undefined && here !== left) setLeft(here);
  // Whoever came straight to one goes on to the first zone that they may see.
  const first = useQuery(zonesQuery).data?.items[0]?.id;
  const zone = here ?? left ?? first;
  const me = useQuery(meQuery).data;
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [open, setOpen] = useState(false);
  const [palette, setPalette] = useState(false);
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);

  // A new page begins at its top, for a screen reader too.
  useEffect(() => {
    setOpen(false);
    if (before.current !== path) main.current?.focus({ preventScroll: true });
    before.current = path;
  }, [path]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key === "k") {
        event.preventDefault();
        setPalette((shown) => !shown);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);

  const signOut = async () => {
    const provider = signOutAt(await own("DELETE", "/api/session"));
    // Whoever signs out leaves nothing of what they typed on the screen.
    giveUp();
    client.clear();
    if (provider) location.assign(provider);
    else await navigate({ to: "/sign-in" });
  };
  const deployment = OF_DEPLOYMENT.filter(
    (place) => !["/accounts", "/tokens"].includes(place.to) || me?.may.includes("govern"),
  );
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className={open ? "side-bar open" : "side-bar"}>
        <div className="head">
          <Link to="/" className="brand">
            <Mark /> Caracal
          </Link>
          <Button look="plain" className="menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            Menu
          </Button>
        </div>
        {zone && <ZoneSwitch zone={zone} />}
        <Button className="go-to" onClick={() => setPalette(true)}>
          Go to… <kbd className="small">Ctrl K</kbd>
        </Button>
        <nav aria-label="Pages" className="stack">
          {zone &&
            OF_ZONE.map(({ group, places }) => (
              <div key={group}>
                <h2>{group}</h2>
                <ul>
                  {places.map((place) => (
                    <li key={place.to}>
                      <Link
                        to={place.to}
                        params={{ zone }}
                        activeOptions={{ exact: ["/z/$zone", "/z/$zone/protect"].includes(place.to) }}
                      >
                        {place.label}
                        {place.to === "/z/$zone/approvals" && <Waiting zone={zone} />}
                      </Link>
                    </li>
                  ))}
                </ul>
              </div>
            ))}
          <div>
            <h2>Deployment</h2>
            <ul>
              {deployment.map((place) => (
                <li key={place.to}>
                  <Link to={place.to}>{place.label}</Link>
                </li>
              ))}
            </ul>
          </div>
        </nav>
        <div className="foot">
          <Health />
          <ThemeSwitch />
          {me && (
            <div className="spread">
              <span title={me.account.email}>
                <bdi>{me.account.name}</bdi>, {me.account.role}
              </span>
              <Button look="plain" onClick={() => void signOut()}>
                Sign out
              </Button>
            </div>
          )}
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {here && <Frozen zone={here} />}
        <Outlet />
      </main>
      <AskBeforeLeaving />
      <SignInAgain />
      {palette && <Palette zone={zone} onClose={() => setPalette(false)} />}
    </div>
  );
}
