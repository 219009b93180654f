/** Who is signed in: an access token in this tab's session storage, never in a URL, a cookie or a log. */

export interface Session {
  readonly token: string;
  /** The user's id, for display and to tell users apart; the server alone decides what the token is worth. */
  readonly user: string;
  /** When the token ends, in milliseconds; null where it does not say. */
  readonly expires: number | null;
  /** Whether the provider gave it, whose session ends with it; a pasted one is nobody's. */
  readonly provided: boolean;
  /** Whether the next one is to be had by the cookie of the sign-in. */
  readonly renewable: boolean;
}

export type TokenProblem = "malformed" | "expired";

const KEY = "docuvault.token";
const PROVIDED_KEY = "docuvault.provided";

/** What a pasted token says of itself. Its signature is the server's to check. */
export function readToken(pasted: string, now: number): Session | TokenProblem {
  const read = readAnyToken(pasted);
  return read === null ? "malformed" : read.expires !== null && read.expires <= now ? "expired" : read;
}

function readAnyToken(pasted: string): Session | null {
  const token = pasted.trim().replace(/^bearer\s+/i, "");
  const claims = claimsOf(token);
  if (claims === null) return null;
  const expires = typeof claims["exp"] === "number" ? claims["exp"] * 1000 : null;
  const user = typeof claims["sub"] === "string" ? claims["sub"] : "";
  return { token, user, expires, provided: false, renewable: false };
}

function claimsOf(token: string): Record<string, unknown> | null {
  const parts = token.split(".");
  if (parts.length !== 3 || parts.some((part) => !/^[\w-]+$/.test(part))) return null;
  try {
    const bytes = Uint8Array.from(atob((parts[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** By a token of the sign-in's. When it ends is told by how long it lives: clocks of browsers may be wrong by more. */
export function providedSession(token: string, expires: number, renewable: boolean): Session | null {
  const read = readAnyToken(token);
  return read === null ? null : { ...read, expires, provided: true, renewable };
}

export function storedSession(now: number): Session | null {
  const kept = keptSession();
  return kept !== null && !isOver(kept, now) ? kept : null;
}

/** The session that this tab had, whose token has ended, and that may go on with another one. */
export function lapsedSession(now: number): Session | null {
  const kept = keptSession();
  return kept?.renewable && isOver(kept, now) ? kept : null;
}

function keptSession(): Session | null {
  const kept = sessionStorage.getItem(KEY);
  if (kept === null) return null;
  const [expires, renewable] = (sessionStorage.getItem(PROVIDED_KEY) ?? "").split(" ");
  return expires ? providedSession(kept, Number(expires), renewable === "renewable") : readAnyToken(kept);
}

function isOver({ expires }: Session, now: number): boolean {
  return expires !== null && expires <= now;
}

export function keepSession(session: Session): void {
  sessionStorage.setItem(KEY, session.token);
  if (session.provided)
    sessionStorage.setItem(PROVIDED_KEY, `${session.expires} ${session.renewable ? "renewable" : "once"}`);
  else sessionStorage.removeItem(PROVIDED_KEY);
}

export function forgetSession(): void {
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(PROVIDED_KEY);
}
