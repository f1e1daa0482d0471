import createClient from "openapi-fetch";
import type { components as AuditComponents, paths as AuditPaths } from "./audit";
import { keepsComing } from "./coming.ts";
import type { paths as ControlPaths, components } from "./control";
import type { paths as CoordinatorPaths } from "./coordinator";
import { Problem } from "./problem.ts";
import type { components as WebComponents, paths as WebPaths } from "./web";

/** A header that no other site can send without asking first. */
const headers = { "x-caracal-console": "1" };

/** An answer that has not begun and ended by then does not come: whatever waits for it may ask again. */
const WITHIN_MS = 60_000;

/** A file may be as large as what it is made of: it comes as long as something of it comes. */
const FILES = /^\/api\/audit\/logs\/[^/]+\/pack$/;

const within = (asked: Request): Promise<Response> => {
  if (FILES.test(new URL(asked.url).pathname)) return keepsComing(asked, WITHIN_MS);
  return fetch(asked, { signal: AbortSignal.any([asked.signal, AbortSignal.timeout(WITHIN_MS)]) });
};

export const control = createClient<ControlPaths>({ baseUrl: "/api/control", headers, fetch: within });
export const coordinator = createClient<CoordinatorPaths>({
  baseUrl: "/api/coordinator",
  headers,
  fetch: within,
});

/** Its paths say `/api/audit` already. */
export const audit = createClient<AuditPaths>({ baseUrl: "/", headers, fetch: within });

/** The web role's own routes that take something in their path. */
export const web = createClient<WebPaths>({ baseUrl: "/", headers, fetch: within });

export type AuditSchema = AuditComponents["schemas"];
export type Schema = components["schemas"];
export type WebSchema = WebComponents["schemas"];

type Answer<T> = { data?: T; error?: unknown; response: Response };

let signedOut: () => void = () => {};

/** What to do when a session has ended. */
export function whenSignedOut(then: () => void): void {
  signedOut = then;
}

/** The data of an answer, or a {@link Problem}. */
export async function read<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new Problem(0, undefined);
  }
  if (answer.response.ok) return answer.data as T;
  if (answer.response.status === 401) signedOut();
  throw problemOf(answer.response, answer.error);
}

function problemOf(response: Response, body: unknown): Problem {
  const wait = Number(response.headers.get("retry-after"));
  return new Problem(response.status, body, Number.isFinite(wait) && wait > 0 ? wait : undefined);
}

type OwnMethod = "DELETE" | "GET" | "POST";
type Operation<P extends keyof WebPaths, M extends OwnMethod> = WebPaths[P][Lowercase<M>];
type Json<T> = T extends { content: { "application/json": infer J } } ? J : undefined;
type Asked<O> = O extends { requestBody: infer B } ? [body: Json<B>] : [];
type Told<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201)]> : undefined;

/** A request to one of the web role's own routes. Who is refused there is not signed out by it. */
export async function own<P extends keyof WebPaths, M extends OwnMethod>(
  method: M,
  path: P,
  ...[body]: Asked<Operation<P, M>>
): Promise<Told<Operation<P, M>>> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem(0, undefined);
  }
  const text = await response.text();
  const data: unknown = text === "" ? undefined : parsed(text);
  if (!response.ok) throw problemOf(response, data);
  return data as Told<Operation<P, M>>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
