/** A sign-in that was begun: what is asked of the provider, what is kept meanwhile, and what its answer is worth. */
import type { Provider } from "./provider";

/** What this tab keeps while its browser is with the provider. */
export interface Errand {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly issuer: string;
  readonly namesItself: boolean;
  /** Where to go on afterwards. */
  readonly path: string;
  /** Who was signed in before, for whom the page stays as it was; "" for nobody. */
  readonly user: string;
}

/** What the provider sent the browser back with. */
export interface Answered {
  readonly code: string | null;
  readonly state: string | null;
  readonly error: string | null;
  readonly iss: string | null;
}

export interface Returned {
  readonly answered: Answered;
  readonly errand: Errand | null;
}

/** Why nobody is signed in: a message's key, and what goes into it. */
export interface Problem {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

export const RETURN_PATH = "/signed-in";
const KEY = "docuvault.errand";
const SAID: Readonly<Record<string, string>> = {
  access_denied: "signin.denied",
  login_required: "signin.login_required",
  interaction_required: "signin.login_required",
  consent_required: "signin.login_required",
  account_selection_required: "signin.login_required",
  server_error: "signin.provider_away",
  temporarily_unavailable: "signin.provider_away",
};

export function returnAddress(origin: string): string {
  return `${origin}${RETURN_PATH}`;
}

export function newErrand(provider: Provider, path: string, user: string): Errand {
  const { issuer, names_itself: namesItself } = provider;
  return { state: secret(), nonce: secret(), verifier: secret(), issuer, namesItself, path, user };
}

/** Where the browser is led to: authorization code with PKCE (RFC 7636). */
export async function authorizationUrl(provider: Provider, errand: Errand, origin: string): Promise<string> {
  const url = new URL(provider.authorization_endpoint);
  const asked = {
    ...provider.parameters,
    response_type: "code",
    client_id: provider.client_id,
    redirect_uri: returnAddress(origin),
    scope: provider.scope,
    state: errand.state,
    nonce: errand.nonce,
    code_challenge: await challenge(errand.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}

/** Where the browser is led to, to be signed out of the provider, too; null where that cannot be. */
export function endSessionUrl(provider: Provider, origin: string): string | null {
  if (provider.end_session_endpoint === null) return null;
  const url = new URL(provider.end_session_endpoint);
  url.searchParams.set("client_id", provider.client_id);
  url.searchParams.set("post_logout_redirect_uri", `${origin}/`);
  return url.href;
}

/** The code, or why there is none. What nobody here asked for is not looked at any further. */
export function judge({ answered, errand }: Returned): { readonly code: string; readonly errand: Errand } | Problem {
  if (errand === null || answered.state !== errand.state) return problem("signin.forged");
  if ((errand.namesItself || answered.iss !== null) && answered.iss !== errand.issuer) return problem("signin.forged");
  if (answered.error !== null) return saidProblem(answered.error);
  return answered.code === null ? problem("signin.forged") : { code: answered.code, errand };
}

export function problem(text: string, values: Readonly<Record<string, string>> = {}): Problem {
  return { text, values };
}

/** Only the error's own name is shown: all else that a provider says there, anybody can write into a link. */
function saidProblem(error: string): Problem {
  const known = SAID[error];
  if (known !== undefined && Object.hasOwn(SAID, error)) return problem(known);
  return problem("signin.provider_said", { error: /^[a-z_]{1,60}$/.test(error) ? error : "?" });
}

export function keepErrand(errand: Errand): void {
  sessionStorage.setItem(KEY, JSON.stringify(errand));
}

/** What the browser came back with, if it did: taken out of its address and history at once, and good once. */
export function takeReturn(): Returned | null {
  if (location.pathname !== RETURN_PATH) return null;
  const given = new URLSearchParams(location.search);
  const errand = takeErrand();
  history.replaceState(null, "", errand?.path ?? "/");
  const answered = {
    code: given.get("code"),
    state: given.get("state"),
    error: given.get("error"),
    iss: given.get("iss"),
  };
  return { answered, errand };
}

function takeErrand(): Errand | null {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  try {
    return kept === null ? null : (JSON.parse(kept) as Errand);
  } catch {
    return null;
  }
}

function secret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challenge(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
