/** All that may happen to the state. */
import type { Failure } from "../api/failure";
import type { LiveState } from "../api/live";
import type { Classification, Doc, DocumentPage, Quota, QuotaExceeded, Removal, Topic } from "../api/types";
import type { Session } from "../session";
import type { Problem as DoorProblem } from "../signin/errand";
import type { Door, Filter, Loaded, Notice, Problem, Unfinished, Wish } from "./model";

export type Action =
  | { readonly type: "signed-in"; readonly session: Session }
  | { readonly type: "signed-out"; readonly ended: boolean }
  | { readonly type: "renewed"; readonly session: Session }
  | { readonly type: "door"; readonly door: Door; readonly problem: DoorProblem | null }
  | { readonly type: "online"; readonly online: boolean }
  | { readonly type: "live"; readonly live: LiveState }
  | { readonly type: "quota"; readonly quota: Loaded<Quota | null> }
  | { readonly type: "topics"; readonly topics: Loaded<readonly Topic[]> }
  | { readonly type: "settings"; readonly settings: Loaded<Classification> }
  | { readonly type: "filter"; readonly change: Partial<Filter> }
  | { readonly type: "noticed"; readonly notice: Notice }
  | { readonly type: "notice-over"; readonly id: string }
  | DocumentAction
  | WishAction
  | TransferAction;

/**
 * `afresh`: all that is known comes from it, what is on no page any more is forgotten. `first`: the first page of another
 * list; `more`: the next of the same.
 */
export type ListPart = "afresh" | "first" | "more";

export type DocumentAction =
  | { readonly type: "listing" }
  | { readonly type: "listed"; readonly page: DocumentPage; readonly query: string; readonly part: ListPart }
  | { readonly type: "listing-failed"; readonly failure: Failure }
  | { readonly type: "document"; readonly document: Doc }
  | { readonly type: "removed"; readonly removal: Removal }
  | { readonly type: "leaving"; readonly id: string }
  | { readonly type: "stays"; readonly id: string };

export type WishAction =
  | { readonly type: "wished"; readonly id: string; readonly wish: Pick<Wish, "topics" | "number"> }
  | { readonly type: "wish-saved"; readonly id: string; readonly number: number }
  | { readonly type: "wish-over"; readonly id: string; readonly number: number };

export interface NewTransfer {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly size: number;
}

export type TransferAction =
  | { readonly type: "added"; readonly files: readonly NewTransfer[] }
  | { readonly type: "signed"; readonly id: string; readonly documentId: string }
  | { readonly type: "progress"; readonly at: number; readonly sent: ReadonlyMap<string, number> }
  | { readonly type: "sent"; readonly id: string }
  | { readonly type: "settled"; readonly id: string }
  | { readonly type: "over-quota"; readonly id: string; readonly detail: QuotaExceeded }
  /** It goes on by itself, once what is in its way has passed. */
  | { readonly type: "held"; readonly id: string; readonly problem: Problem }
  | { readonly type: "failed"; readonly id: string; readonly problem: Problem }
  | { readonly type: "again"; readonly id: string }
  | { readonly type: "cancelled"; readonly id: string }
  | { readonly type: "tidied" }
  | { readonly type: "unfinished"; readonly files: readonly Unfinished[] };
