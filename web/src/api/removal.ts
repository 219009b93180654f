/** What the live stream says of a document that went. Pure. */
import { isQuotaExceeded, isRecord } from "./failure";
import type { Removal } from "./types";

const REASONS = ["deleted", "rejected", "abandoned"] as const;

/** Null where it is none. The numbers of a refusal may stand beside the id, or in a field of their own. */
export function removalOf(data: unknown): Removal | null {
  if (!isRecord(data) || typeof data["id"] !== "string") return null;
  const reason = REASONS.find((one) => one === data["reason"]) ?? "deleted";
  const detail = [data, data["detail"], data["quota"]].find(isQuotaExceeded);
  return {
    id: data["id"],
    reason,
    ...(typeof data["filename"] === "string" ? { filename: data["filename"] } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}
