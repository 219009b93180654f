/** What may go wrong with a request, as values: a caller that forgets one does not compile. */
import type { QuotaExceeded } from "./types";

export type Failure =
  /** Nothing answered: the machine is offline, or the gateway is away. */
  | { readonly kind: "network" }
  /** The token is not good any more. */
  | { readonly kind: "unauthorized" }
  /** There is no such thing, or it is another user's. */
  | { readonly kind: "missing" }
  /** It does not fit; the numbers of that moment. */
  | { readonly kind: "over_quota"; readonly detail: QuotaExceeded }
  /** The server is busy or a part of it away; worth another try after so many seconds. */
  | { readonly kind: "busy"; readonly seconds: number }
  /** Anything else the server says, in its words; `field` where it is about one. */
  | { readonly kind: "refused"; readonly status: number; readonly text: string; readonly field: string };

export type Answer<T> =
  | { readonly ok: true; readonly status: number; readonly body: T; readonly headers: Headers }
  | { readonly ok: false; readonly failure: Failure };

const BUSY_SECONDS = 2;

/** The failure that an answer's status and body tell of. */
export function failureOf(status: number, body: unknown, retryAfter: string | null): Failure {
  if (status === 401) return { kind: "unauthorized" };
  if (status === 404) return { kind: "missing" };
  const detail = isRecord(body) ? body["detail"] : undefined;
  if (status === 413 && isQuotaExceeded(detail)) return { kind: "over_quota", detail };
  if (status === 429 || status >= 502) return { kind: "busy", seconds: seconds(retryAfter) };
  return { kind: "refused", status, ...words(detail) };
}

function seconds(retryAfter: string | null): number {
  const asked = Number(retryAfter ?? Number.NaN);
  return Number.isFinite(asked) && asked >= 0 ? Math.min(asked, 60) : BUSY_SECONDS;
}

function words(detail: unknown): { text: string; field: string } {
  if (typeof detail === "string") return { text: detail, field: "" };
  const first: unknown = Array.isArray(detail) ? detail[0] : undefined;
  if (!isRecord(first)) return { text: "", field: "" };
  const loc: unknown[] = Array.isArray(first["loc"]) ? first["loc"] : [];
  return {
    text: typeof first["msg"] === "string" ? first["msg"] : "",
    field: typeof loc[1] === "string" ? loc[1] : "",
  };
}

export function isQuotaExceeded(detail: unknown): detail is QuotaExceeded {
  return (
    isRecord(detail) &&
    [detail["used_bytes"], detail["limit_bytes"], detail["rejected_bytes"]].every((one) => typeof one === "number")
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** By how many bytes something does not fit. */
export function missingBytes(detail: QuotaExceeded): number {
  return (
    detail.over_by_bytes ?? Math.max(0, detail.rejected_bytes - Math.max(0, detail.limit_bytes - detail.used_bytes))
  );
}
