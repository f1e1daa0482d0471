import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { own } from "../../api/client.ts";
import { setupQuery } from "../../api/me.ts";
import { hasPasskeys, signInWithPasskey } from "../../api/passkey.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Form, FormProblem, TextField } from "../../parts/form.tsx";
import { httpsOnly, keepReturn, safeReturn } from "./away.ts";

/** Sends the browser to the identity provider. */
function SingleSignOn({ name, back }: { name: string; back: string | undefined }) {
  const { act, busy, error } = useAct({ leaves: true });
  const begin = () =>
    act(async () => {
      const away = await own("POST", "/api/session/single-sign-on/begin");
      keepReturn(back);
      location.assign(httpsOnly(away.authorization_url));
    });
  return (
    <>
      <FormProblem error={error} />
      <Button look="main" busy={busy} onClick={() => void begin()}>
        {busy ? `Going to ${name}…` : `Continue with ${name}`}
      </Button>
    </>
  );
}

/** Signs in with a code that is sent to the address. */
function EmailCode({ email, onDone }: { email: string; onDone: () => void }) {
  const [begun, setBegun] = useState<{ state: string; email: string }>();
  const [code, setCode] = useState("");
  const { act, busy, error } = useAct();
  const begin = () =>
    act(async () => {
      const { state } = await own("POST", "/api/session/email-code/begin", { email });
      setCode("");
      setBegun({ state, email });
    });
  const finish = () =>
    act(async () => {
      if (!begun) return;
      await own("POST", "/api/session/email-code", { ...begun, code });
      onDone();
    });
  return (
    <section className="stack-small" aria-label="Code by e-mail">
      <FormProblem error={error} />
      {begun && (
        <Form onSubmit={() => void finish()}>
          <p role="status">
            If <bdi>{begun.email}</bdi> has an account here, a code is on its way. It is good for ten minutes,
            in this browser.
          </p>
          <TextField
            label="Code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
          <Button type="submit" look="main" busy={busy}>
            Sign in with the code
          </Button>
        </Form>
      )}
      <Button
        busy={busy}
        refused={email.includes("@") ? undefined : "Type your e-mail address above first."}
        onClick={() => void begin()}
      >
        {begun ? "Send another code" : "Send me a code"}
      </Button>
    </section>
  );
}

/** Signs in by each way that the deployment has. */
export function SignInPage() {
  const search = useSearch({ strict: false }) as { return?: string };
  const router = useRouter();
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { act, busy, error } = useAct({ leaves: true });
  const setup = useQuery(setupQuery);
  useEffect(() => {
    document.title = "Sign in · Caracal";
  }, []);
  const by = (work: () => Promise<unknown>) => () =>
    act(async () => {
      await work();
      client.clear();
      router.history.push(safeReturn(search.return));
    });
  const signIn = by(() => own("POST", "/api/session", { email, password }));
  const withPasskey = by(signInWithPasskey);
  return (
    <main className="alone">
      <div>
        <h1>Sign in to Caracal</h1>
        {setup.data?.needed && (
          <p className="note waiting">
            Nobody has an account yet. <code>caracal up</code> prints a link that makes the first one, on the
            machine where Caracal runs.
          </p>
        )}
        {setup.data?.single_sign_on && <SingleSignOn name={setup.data.single_sign_on} back={search.return} />}
        <Form onSubmit={() => void signIn()}>
          <FormProblem error={error} />
          <TextField
            label="E-mail address"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <Button
            type="submit"
            {...(setup.data?.single_sign_on ? {} : { look: "main" as const })}
            busy={busy}
          >
            {busy ? "Signing in…" : "Sign in"}
          </Button>
        </Form>
        {setup.data?.passkeys && hasPasskeys() && (
          <Button busy={busy} onClick={() => void withPasskey()}>
            Use a passkey
          </Button>
        )}
        {setup.data?.email_codes && (
          <EmailCode
            email={email}
            onDone={() => {
              client.clear();
              router.history.push(safeReturn(search.return));
            }}
          />
        )}
        <p className="quiet small">
          Forgotten the password? An owner can make a link with which you set another one.
        </p>
      </div>
    </main>
  );
}
