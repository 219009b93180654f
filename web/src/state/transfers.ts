/** What happens to the files that are on their way. Pure. */
import type { Doc, Removal } from "../api/types";
import { paced } from "../pace";
import type { NewTransfer, TransferAction } from "./actions";
import type { Stage, State, Transfer } from "./model";

export function reduceTransfers(state: State, action: TransferAction): State {
  switch (action.type) {
    case "added":
      return { ...state, transfers: [...state.transfers, ...action.files.map(fresh)] };
    case "signed":
      return change(state, action.id, (one) => ({ ...one, documentId: action.documentId }));
    case "progress":
      return progressed(state, action.at, action.sent);
    case "sent":
      return change(state, action.id, (one) =>
        isSending(one) ? { ...one, sent: one.size, stage: "settling", problem: null } : one,
      );
    case "settled":
      return change(state, action.id, (one) => (isOver(one) ? one : settled(one, documentOf(state, one))));
    case "over-quota":
      return change(state, action.id, (one) => ({ ...one, stage: "refused", refusal: action.detail, problem: null }));
    case "held":
      return change(state, action.id, (one) =>
        isOver(one) ? one : { ...one, stage: "waiting", pace: [], problem: action.problem },
      );
    case "failed":
      return change(state, action.id, (one) =>
        isOver(one) ? one : { ...one, stage: "failed", problem: action.problem },
      );
    case "again":
      return change(state, action.id, fresh);
    case "cancelled":
      return { ...state, transfers: state.transfers.filter((one) => one.id !== action.id) };
    case "tidied":
      return { ...state, transfers: state.transfers.filter((one) => !isOver(one)) };
    case "unfinished":
      return { ...state, unfinished: action.files };
  }
}

/** A document as the server shows it now moves the transfer that made it, whoever told first. */
export function follow(transfers: readonly Transfer[], document: Doc): readonly Transfer[] {
  return mapOnly(
    transfers,
    (one) => one.documentId === document.id && document.status !== "pending",
    (one) => (one.stage === "refused" ? one : settled(one, document)),
  );
}

/** A document that went takes its transfer along, or refuses it. */
export function leave(transfers: readonly Transfer[], removal: Removal): readonly Transfer[] {
  const kept = transfers.filter((one) => one.documentId !== removal.id || !isEnded(one));
  return mapOnly(
    kept.length === transfers.length ? transfers : kept,
    (one) => one.documentId === removal.id && one.stage !== "refused",
    (one) => {
      if (removal.reason === "rejected")
        return { ...one, stage: "refused", refusal: removal.detail ?? null, problem: null };
      return isOver(one) ? one : { ...one, stage: "failed", problem: { kind: "gone" } };
    },
  );
}

export function isOver(one: Transfer): boolean {
  return isEnded(one) || one.stage === "refused" || one.stage === "failed";
}

/** It is stored, and nothing more happens to it. */
function isEnded(one: Transfer): boolean {
  return one.stage === "done" || one.stage === "unfiled";
}

/** Its bytes are paid for. */
export function isStored(stage: Stage): boolean {
  return stage === "filing" || stage === "done" || stage === "unfiled";
}

export function isSending(one: Transfer): boolean {
  return one.stage === "waiting" || one.stage === "sending" || one.stage === "failed";
}

/** Bytes that are on their way and not decided about: what the quota may be asked for next. */
export function inFlight(transfers: readonly Transfer[]): number {
  return transfers.reduce((sum, one) => {
    const undecided = one.stage === "waiting" || one.stage === "sending" || one.stage === "settling";
    return undecided ? sum + one.size : sum;
  }, 0);
}

function fresh(one: NewTransfer): Transfer {
  const { id, name, folder, size } = one;
  return {
    id,
    name,
    folder,
    size,
    stage: "waiting",
    sent: 0,
    pace: [],
    documentId: null,
    refusal: null,
    problem: null,
  };
}

function settled(one: Transfer, document: Doc | undefined): Transfer {
  const ends = { classified: "done", classification_failed: "unfiled", uploaded: "filing", pending: "filing" } as const;
  return { ...one, sent: one.size, stage: ends[document?.status ?? "uploaded"], problem: null, refusal: null };
}

function documentOf(state: State, one: Transfer): Doc | undefined {
  return one.documentId === null ? undefined : state.documents.get(one.documentId);
}

function progressed(state: State, at: number, sent: ReadonlyMap<string, number>): State {
  const transfers = mapOnly(
    state.transfers,
    (one) => sent.has(one.id) && (one.stage === "waiting" || one.stage === "sending"),
    (one) => {
      const bytes = Math.min(sent.get(one.id) ?? 0, one.size);
      return { ...one, stage: "sending", sent: bytes, pace: paced(one.pace, { at, bytes }) };
    },
  );
  return transfers === state.transfers ? state : { ...state, transfers };
}

function change(state: State, id: string, next: (one: Transfer) => Transfer): State {
  const transfers = mapOnly(state.transfers, (one) => one.id === id, next);
  return transfers === state.transfers ? state : { ...state, transfers };
}

/** The same list where nothing fits. */
function mapOnly(
  transfers: readonly Transfer[],
  fits: (one: Transfer) => boolean,
  next: (one: Transfer) => Transfer,
): readonly Transfer[] {
  return transfers.some(fits) ? transfers.map((one) => (fits(one) ? next(one) : one)) : transfers;
}
