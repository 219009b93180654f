/** The sign-in's own calls, to our own origin and without a token: it is the server that talks to the provider. */
import { type Failure, failureOf, isRecord } from "../api/failure";

/** Where a browser is led to, as `GET /api/auth/oidc` tells. */
export interface Provider {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly client_id: string;
  readonly scope: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly names_itself: boolean;
  readonly end_session_endpoint: string | null;
}

export interface SignedIn {
  readonly access_token: string;
  /** Seconds from now, by whichever clock. */
  readonly expires_in: number;
  readonly renewable: boolean;
}

export type Told<T> = { readonly ok: true; readonly body: T } | { readonly ok: false; readonly failure: Failure };

const PATH = "/api/auth/oidc";

/** Null where none is set: then tokens are pasted. */
export async function lookUp(): Promise<Told<Provider | null>> {
  const told = await call<Provider>("GET", "");
  return !told.ok && told.failure.kind === "missing" ? { ok: true, body: null } : told;
}

export function redeem(body: Readonly<Record<string, string>>): Promise<Told<SignedIn>> {
  return call("POST", "/token", body);
}

export function renew(): Promise<Told<SignedIn>> {
  return call("POST", "/renew");
}

/** The refresh token is forgotten, and the cookie that it was in; also where the page is left meanwhile. */
export async function leave(): Promise<void> {
  await call("POST", "/sign-out", undefined, true);
}

async function call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<Told<T>> {
  try {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`${PATH}${path}`, { method, headers, cache: "no-store", keepalive, ...sent });
    const said: unknown = response.status === 204 ? null : await response.json().catch(() => null);
    if (response.ok) return { ok: true, body: said as T };
    return { ok: false, failure: failure(response, said) };
  } catch {
    return { ok: false, failure: { kind: "network" } };
  }
}

/** A 502 says what is wrong with the provider, which is worth more than that something is away. */
function failure(response: Response, said: unknown): Failure {
  const text = isRecord(said) && typeof said["detail"] === "string" ? said["detail"] : "";
  if (response.status === 502 && text !== "") return { kind: "refused", status: 502, text, field: "" };
  return failureOf(response.status, said, response.headers.get("Retry-After"));
}
