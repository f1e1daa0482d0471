import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { control, own, read } from "../../api/client.ts";
import { Button } from "../../parts/button.tsx";
import { Form, FormProblem, TextField } from "../../parts/form.tsx";

/** Where to go after signing in: an address of this console, and of nothing else. */
export function safeReturn(asked: string | undefined): string {
  if (asked === undefined || !/^\/(?![/\\])/.test(asked)) return "/";
  try {
    const url = new URL(asked, "https://console.invalid");
    return url.origin === "https://console.invalid" ? `${url.pathname}${url.search}${url.hash}` : "/";
  } catch {
    return "/";
  }
}

/** Signs in with a password. */
export function SignInPage() {
  const search = useSearch({ strict: false }) as { return?: string };
  const router = useRouter();
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const setup = useQuery({ queryKey: ["setup"], queryFn: () => read(control.GET("/v1/console/setup")) });
  useEffect(() => {
    document.title = "Sign in · Caracal";
  }, []);
  const signIn = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await own("POST", "/api/session", { email, password });
      client.clear();
      router.history.push(safeReturn(search.return));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
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
          <Button type="submit" look="main" busy={busy}>
            {busy ? "Signing in…" : "Sign in"}
          </Button>
        </Form>
        <p className="quiet small">
          Forgotten the password? An owner can make a link with which you set another one.
        </p>
      </div>
    </main>
  );
}
