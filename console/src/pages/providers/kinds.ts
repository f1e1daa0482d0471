import type { Schema } from "../../api/client.ts";

export type Kind = Schema["ProviderKind"];

/** Where people come back to who connect an account with this console. */
export function redirectUri(): string {
  return typeof location === "undefined" ? "" : `${location.origin}/connections/callback`;
}

/** A setting of a kind: `secret` ones are sealed and never shown again. */
export type Setting = {
  key: string;
  label: string;
  secret?: boolean;
  needed?: boolean;
  list?: boolean;
  /** A text of several lines. */
  lines?: boolean;
  help?: string;
  preset?: string;
  /** What it may be, the default first, which is blank. */
  choices?: ReadonlyArray<readonly [value: string, label: string]>;
  /** It is there only where another setting has this value. */
  only?: readonly [key: string, value: string];
};

/** The settings of a kind that are there, by what was chosen of the others. */
export function settingsOf(kind: Kind, typed: Readonly<Record<string, string>>): ReadonlyArray<Setting> {
  return KINDS[kind].settings.filter(({ only }) => only === undefined || typed[only[0]] === only[1]);
}

/** How a client proves itself to a token endpoint. One that signs with a key of its own is made with the API, and changed here. */
const proof = (...more: ReadonlyArray<readonly [value: string, label: string]>): Setting[] => [
  {
    key: "client_auth_method",
    label: "How it proves itself",
    choices: [
      ["", "With the secret, in the header Authorization"],
      ["client_secret_post", "With the secret, in the form"],
      ["client_secret_jwt", "With what the secret signs; it is not sent"],
      ...more,
    ],
  },
  {
    key: "key_id",
    label: "Id of its key",
    help: "What the provider knows the key by.",
    only: ["client_auth_method", "private_key_jwt"],
  },
];

/** What is shown to an upstream that asks who is there, whatever else it wants. */
const CERTIFICATE: ReadonlyArray<Setting> = [
  {
    key: "client_certificate",
    label: "Client certificate",
    lines: true,
    help: "Only where the upstream asks for one: in PEM form, with those that lead to its authority behind it.",
  },
  {
    key: "client_key",
    label: "Key of the certificate",
    lines: true,
    secret: true,
    help: "In PEM form, without a passphrase. Sealed, and never shown again. Another certificate needs it anew, with every other secret here.",
  },
];

export const KINDS: Readonly<
  Record<Kind, { label: string; about: string; settings: ReadonlyArray<Setting> }>
> = {
  none: { label: "Nothing", about: "The upstream asks for no credential.", settings: CERTIFICATE },
  bearer_token: {
    label: "Bearer token",
    about: "A fixed token in the header Authorization.",
    settings: [{ key: "bearer_token", label: "Token", secret: true, needed: true }, ...CERTIFICATE],
  },
  api_key: {
    label: "API key",
    about: "A fixed key in a header.",
    settings: [
      { key: "header_name", label: "Header", needed: true, preset: "X-Api-Key" },
      { key: "api_key", label: "Key", secret: true, needed: true },
      ...CERTIFICATE,
    ],
  },
  http_basic: {
    label: "User name and password",
    about: "HTTP Basic authentication.",
    settings: [
      { key: "username", label: "User name", needed: true },
      { key: "password", label: "Password", secret: true, needed: true },
      ...CERTIFICATE,
    ],
  },
  oauth2_client_credentials: {
    label: "OAuth 2.0 for a service",
    about: "Tokens are fetched with a client id and secret, and renewed before they run out.",
    settings: [
      {
        key: "token_endpoint",
        label: "Token endpoint",
        needed: true,
        help: "https, as the provider's documents say.",
      },
      { key: "client_id", label: "Client id", needed: true },
      { key: "client_secret", label: "Client secret", secret: true, needed: true },
      ...proof(),
      { key: "scopes", label: "Scopes", list: true, help: "With blanks between them." },
      { key: "audience", label: "Audience", help: "Only where the provider asks for one." },
      ...CERTIFICATE,
    ],
  },
  oauth2_authorization_code: {
    label: "OAuth 2.0 for people",
    about: "Each person connects their own account.",
    settings: [
      { key: "authorization_endpoint", label: "Authorization endpoint", needed: true },
      { key: "token_endpoint", label: "Token endpoint", needed: true },
      {
        key: "redirect_uri",
        label: "Redirect URI",
        needed: true,
        preset: redirectUri(),
        help: "Registered at the provider. With this console's own, people connect accounts here.",
      },
      { key: "client_id", label: "Client id", needed: true },
      { key: "client_secret", label: "Client secret", secret: true },
      ...proof(["none", "Not at all: it has no secret"]),
      { key: "scopes", label: "Scopes", list: true, help: "With blanks between them." },
      {
        key: "issuer",
        label: "Issuer",
        help: "What the provider calls itself. With it, answers that name another, or nobody, are refused.",
      },
      {
        key: "revocation_endpoint",
        label: "Revocation endpoint",
        help: "Where tokens are taken back when a connection ends, at the host of the token endpoint.",
      },
      ...CERTIFICATE,
    ],
  },
  caracal_mandate: {
    label: "Caracal's own mandate",
    about: "The upstream verifies mandates itself and gets the caller's.",
    settings: CERTIFICATE,
  },
};

/** Whether one of this kind has a token endpoint: its issuer may publish where that is, and it can be asked whether it takes the client. */
export const hasTokenEndpoint = (kind: Kind): boolean =>
  KINDS[kind].settings.some(({ key }) => key === "token_endpoint");

/** What an issuer publishes, as settings that the kind has. */
export function settingsFound(kind: Kind, found: Schema["DiscoveredProvider"]): Record<string, string> {
  const published: Readonly<Record<string, unknown>> = found;
  return Object.fromEntries(
    KINDS[kind].settings.flatMap(({ key }) => {
      const value = published[key];
      return typeof value === "string" && value !== "" ? [[key, value] as const] : [];
    }),
  );
}

/** The choices, and what was set elsewhere and is none of them. */
export function withCurrent(choices: NonNullable<Setting["choices"]>, current: string) {
  return choices.some(([value]) => value === current) ? choices : [...choices, [current, current] as const];
}

/**
 * What was typed, as the API takes it; blank settings are left out, so that sealed ones stay as they are. What is sent takes the
 * place of all that is not sealed: of a provider that is changed, what the form does not ask for is sent as it was.
 */
export function config(
  kind: Kind,
  typed: Readonly<Record<string, string>>,
  before: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const asked = new Set(KINDS[kind].settings.map(({ key }) => key));
  const kept = Object.entries(before).filter(([key]) => !asked.has(key));
  const filled = settingsOf(kind, typed).flatMap(({ key, list }) => {
    const text = typed[key]?.trim();
    if (!text) return [];
    return [[key, list ? text.split(/\s+/) : text] as const];
  });
  return {
    ...(kind === "api_key" ? { auth_location: "header" } : {}),
    ...Object.fromEntries(kept),
    ...Object.fromEntries(filled),
  };
}
