/** Who is signed in: an access token in this tab's session storage, never in a URL, a cookie or a log. */

export interface Session {
  readonly token: string;
  /** The user's id, for display and to tell users apart; the server alone decides what the token is worth. */
  readonly user: string;
  /** When the token ends, in milliseconds; null where it does not say. */
  readonly expires: number | null;
}

export type TokenProblem = "malformed" | "expired";

const KEY = "docuvault.token";

/** What a pasted token says of itself. Its signature is the server's to check. */
export function readToken(pasted: string, now: number): Session | TokenProblem {
  const token = pasted.trim().replace(/^bearer\s+/i, "");
  const claims = claimsOf(token);
  if (claims === null) return "malformed";
  const expires = typeof claims["exp"] === "number" ? claims["exp"] * 1000 : null;
  if (expires !== null && expires <= now) return "expired";
  const user = typeof claims["sub"] === "string" ? claims["sub"] : "";
  return { token, user, expires };
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

export function storedSession(now: number): Session | null {
  const kept = sessionStorage.getItem(KEY);
  const read = kept === null ? null : readToken(kept, now);
  return typeof read === "object" ? read : null;
}

export function keepSession(session: Session): void {
  sessionStorage.setItem(KEY, session.token);
}

export function forgetSession(): void {
  sessionStorage.removeItem(KEY);
}
