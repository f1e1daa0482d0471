// Where people go when they sign in or out, and come back to.

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

/** Where somebody wanted to go, until they are back from the identity provider. Nothing secret: an address of this console. */
const WANTED = "caracal-sign-in-return";

/** Keeps where to go after the identity provider, in this tab alone. */
export function keepReturn(asked: string | undefined): void {
  try {
    sessionStorage.setItem(WANTED, safeReturn(asked));
  } catch {
    // A browser that keeps nothing signs in all the same.
  }
}

/** Where to go now, once. */
export function takeReturn(): string {
  try {
    const kept = sessionStorage.getItem(WANTED) ?? undefined;
    sessionStorage.removeItem(WANTED);
    return safeReturn(kept);
  } catch {
    return "/";
  }
}

/** An address that a browser may be sent to: never a script. */
export function httpsOnly(address: string): string {
  const url = new URL(address);
  if (url.protocol !== "https:") throw new Error("not an https address");
  return url.href;
}

/** The address of the identity provider that signs people out too, if there is one to go to. */
export function signOutAt(answer: { continue_at?: string | null } | undefined): string | undefined {
  const address = answer?.continue_at;
  if (!address) return undefined;
  try {
    return httpsOnly(address);
  } catch {
    return undefined;
  }
}
