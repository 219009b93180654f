/** What to do about an upload that failed, by what it failed with. Pure. */
import type { Failure } from "../api/failure";
import type { QuotaExceeded } from "../api/types";
import type { Problem } from "../state/model";

/** What our signing throws, so that it comes back out of Uppy as it went in. */
export class SigningFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`not signed: ${failure.kind}`);
    this.failure = failure;
  }
}

export type Remedy =
  /** The bytes are there already: only the answer was lost. */
  | { readonly kind: "sent" }
  /** It does not fit, and nothing was sent. */
  | { readonly kind: "over-quota"; readonly detail: QuotaExceeded }
  /** The same once more, after a while. */
  | { readonly kind: "wait"; readonly problem: Problem }
  /** Once more, with a new document: the URL or what was begun is no more. */
  | { readonly kind: "renew"; readonly problem: Problem }
  /** Parts are not to be had here: in one piece. */
  | { readonly kind: "whole" }
  /** Nothing that would help by itself. */
  | { readonly kind: "give-up"; readonly problem: Problem };

export interface Circumstances {
  /** Whether it goes in parts. */
  readonly multipart: boolean;
  /** Whether it has a document on the server. */
  readonly begun: boolean;
}

/** What the API says of parts that were put together already. */
const COMPLETE = "The upload is complete already: confirm it";

export function remedyFor(error: unknown, circumstances: Circumstances): Remedy {
  if (error instanceof SigningFailed) return forSigning(error.failure, circumstances);
  const status = statusOf(error);
  if (status === 412) return { kind: "sent" };
  if (status === 403) return { kind: "renew", problem: { kind: "expired" } };
  // Parts that are no more were most likely put together, and the answer was lost: the confirm will tell.
  if (status === 404 && circumstances.multipart) return { kind: "sent" };
  if (status === 0 || status >= 500 || status === 429) return { kind: "wait", problem: { kind: "network" } };
  return { kind: "give-up", problem: { kind: "said", text: `HTTP ${status}` } };
}

function forSigning(failure: Failure, { multipart, begun }: Circumstances): Remedy {
  switch (failure.kind) {
    case "over_quota":
      return { kind: "over-quota", detail: failure.detail };
    case "network":
      return { kind: "wait", problem: { kind: "network" } };
    case "busy":
      return { kind: "wait", problem: { kind: "busy" } };
    case "unauthorized":
      return { kind: "give-up", problem: { kind: "session" } };
    case "missing":
      if (multipart && !begun) return { kind: "whole" };
      return begun ? { kind: "renew", problem: { kind: "gone" } } : { kind: "give-up", problem: { kind: "gone" } };
    case "refused":
      if (failure.status === 405 && multipart && !begun) return { kind: "whole" };
      if (begun && failure.text === COMPLETE) return { kind: "sent" };
      if (begun && (failure.status === 422 || failure.status === 409)) {
        return { kind: "renew", problem: { kind: "expired" } };
      }
      return { kind: "give-up", problem: { kind: "said", text: failure.text } };
  }
}

/** The store's answer; 0 where none came. */
function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null ? (error as { status?: unknown }).status : undefined;
  return typeof status === "number" ? status : 0;
}
