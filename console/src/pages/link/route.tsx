import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { control, own, read } from "../../api/client.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { Loaded } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";

const TITLES = {
  setup: "Make the first account",
  invitation: "Choose a password",
  reset: "Choose another password",
} as const;

/** The text of the link. It is behind the sign #, so that no server and no log ever sees it. */
function linkOfAddress(): string {
  return decodeURIComponent(location.hash.slice(1));
}

/** Sets a password with a one-time link, and signs in. */
export function LinkPage() {
  const [link] = useState(linkOfAddress);
  const navigate = useNavigate();
  const client = useQueryClient();
  const [typed, setTyped] = useState({ email: "", name: "", password: "", again: "" });
  const { act, busy, error } = useAct({ leaves: true });
  const about = useQuery({
    queryKey: ["link", link],
    enabled: link !== "",
    retry: false,
    queryFn: () => read(control.POST("/v1/console/links/read", { body: { link } })),
  });
  useEffect(() => {
    document.title = "Set a password · Caracal";
  }, []);
  const put = (field: keyof typeof typed) => (event: { target: { value: string } }) =>
    setTyped({ ...typed, [field]: event.target.value });
  const different = typed.again !== "" && typed.again !== typed.password ? "is not the same" : undefined;
  const take = async (purpose: keyof typeof TITLES) => {
    if (typed.again !== typed.password) return false;
    return act(async () => {
      const owner = purpose === "setup" ? { email: typed.email, name: typed.name } : {};
      await own("POST", "/api/session/link", { link, password: typed.password, ...owner });
      client.clear();
      await navigate({ to: "/", replace: true });
    });
  };
  return (
    <main className="alone">
      <div>
        <h1>{about.data ? TITLES[about.data.purpose] : "Set a password"}</h1>
        {link === "" ? (
          <p className="quiet">
            The link is not whole. Copy all of it, with what stands behind the sign #, or ask for another.
          </p>
        ) : (
          <Loaded query={about}>
            {({ purpose, email, expires_at }) => (
              <>
                <div className="stack-small">
                  <p className="quiet">
                    {purpose === "setup"
                      ? "This account may do everything, and makes the others."
                      : `For ${email}. Other browsers that are signed in are signed out.`}{" "}
                    The link runs out <Time at={expires_at} />.
                  </p>
                </div>
                <Form unsaved={false} onSubmit={() => take(purpose)}>
                  <FormProblem error={error} />
                  {purpose === "setup" && (
                    <>
                      <TextField
                        label="Your name"
                        autoComplete="name"
                        required
                        maxLength={120}
                        value={typed.name}
                        wrong={wrongAt(error, "name")}
                        onChange={put("name")}
                      />
                      <TextField
                        label="E-mail address"
                        type="email"
                        autoComplete="username"
                        required
                        value={typed.email}
                        wrong={wrongAt(error, "email")}
                        onChange={put("email")}
                      />
                    </>
                  )}
                  <TextField
                    label="Password"
                    type="password"
                    autoComplete="new-password"
                    help="12 characters or more. A few words are easier to remember than signs."
                    required
                    value={typed.password}
                    wrong={wrongAt(error, "password")}
                    onChange={put("password")}
                  />
                  <TextField
                    label="The password again"
                    type="password"
                    autoComplete="new-password"
                    required
                    value={typed.again}
                    wrong={different}
                    onChange={put("again")}
                  />
                  <Button type="submit" look="main" busy={busy}>
                    {purpose === "setup" ? "Make the account" : "Set the password"}
                  </Button>
                </Form>
              </>
            )}
          </Loaded>
        )}
      </div>
    </main>
  );
}
