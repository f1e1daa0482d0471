import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { own } from "../../api/client.ts";
import { setupQuery } from "../../api/me.ts";
import { hasPasskeys, signInWithPasskey } from "../../api/passkey.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Form, FormProblem, TextField } from "../../parts/form.tsx";
import { httpsOnly, keepReturn } from "./away.ts";

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
function EmailCode({ email, onDone }: { email: string; onDone: () => unknown }) {
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
      await onDone();
    });
  return (
    <section className="stack-small" aria-label="Code by e-mail">
      <FormProblem error={error} />
      {begun && (
        <Form unsaved={false} onSubmit={finish}>
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

/** Each way to sign in that the deployment has. */
export function Ways({
  back,
  stays = false,
  onDone,
}: {
  /** Where to go after the identity provider. */
  back?: string | undefined;
  /** Whether this page has to stay as it is, so that the identity provider is met in another tab. */
  stays?: boolean;
  onDone: () => unknown;
}) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { act, busy, error } = useAct({ leaves: !stays });
  const setup = useQuery(setupQuery).data;
  const by = (work: () => Promise<unknown>) => () =>
    act(async () => {
      await work();
      await onDone();
    });
  const signIn = by(() => own("POST", "/api/session", { email, password }));
  const withPasskey = by(signInWithPasskey);
  return (
    <>
      {setup?.single_sign_on &&
        (stays ? (
          <div className="row">
            <a className="button main" href="/sign-in" target="_blank" rel="noreferrer">
              Continue with {setup.single_sign_on} in another tab
            </a>
            <Button busy={busy} onClick={() => void by(async () => {})()}>
              Go on here
            </Button>
          </div>
        ) : (
          <SingleSignOn name={setup.single_sign_on} back={back} />
        ))}
      <Form unsaved={false} onSubmit={signIn}>
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
        <Button type="submit" {...(setup?.single_sign_on ? {} : { look: "main" as const })} busy={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </Button>
      </Form>
      {setup?.passkeys && hasPasskeys() && (
        <Button busy={busy} onClick={() => void withPasskey()}>
          Use a passkey
        </Button>
      )}
      {setup?.email_codes && <EmailCode email={email} onDone={onDone} />}
    </>
  );
}
