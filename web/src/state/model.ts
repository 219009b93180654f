/** All that the page knows, as one value. Nothing here is changed in place. */
import type { Failure } from "../api/failure";
import type { LiveState } from "../api/live";
import type { Classification, Doc, Quota, QuotaExceeded, Topic } from "../api/types";
import type { Pace } from "../pace";
import type { Session } from "../session";
import type { Problem as DoorProblem } from "../signin/errand";

/**
 * How far a file is. The three steps of a person are sending, settling (is it paid for) and filing. `unfiled` is one
 * that is stored and could not be classified.
 */
export type Stage = "waiting" | "sending" | "settling" | "filing" | "done" | "unfiled" | "refused" | "failed";

/** Why a transfer failed; a refusal by the quota is none of these. */
export type Problem =
  | { readonly kind: "network" }
  | { readonly kind: "expired" }
  | { readonly kind: "busy" }
  | { readonly kind: "gone" }
  | { readonly kind: "session" }
  | { readonly kind: "said"; readonly text: string };

export interface Transfer {
  readonly id: string;
  readonly name: string;
  /** The folder it was dropped with, "" for none. */
  readonly folder: string;
  readonly size: number;
  readonly stage: Stage;
  readonly sent: number;
  readonly pace: Pace;
  readonly documentId: string | null;
  /** With stage `refused`. */
  readonly refusal: QuotaExceeded | null;
  /** With stage `failed`; with `waiting` what it waits for, where that is not its turn. */
  readonly problem: Problem | null;
}

/** A big file whose parts are in the store already, in an upload that this tab began before it was loaded anew. */
export interface Unfinished {
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  readonly key: string;
  readonly uploadId: string;
  readonly documentId: string;
}

/** What a document is to be filed under by hand. */
export interface Wish {
  /** All of its topics; null where the classifier is to say. */
  readonly topics: readonly string[] | null;
  /** Tells it from the wishes before it. */
  readonly number: number;
  /** The document's `updated_at` when it was wished. */
  readonly since: string;
  /** Whether the server has taken it. */
  readonly saved: boolean;
}

export type Sort = "newest" | "oldest" | "name" | "largest";

export interface Filter {
  readonly search: string;
  readonly status: string;
  readonly topic: string;
  readonly sort: Sort;
  /** From 0. */
  readonly page: number;
}

export interface Listing {
  readonly state: "idle" | "loading" | "ready" | "failed";
  readonly failure: Failure | null;
  /** Asks the server for more; null where all there are have been loaded. */
  readonly cursor: string | null;
  /** What was asked for (`queryOf` a filter), and what of it has come: by id, and the last as it was then. */
  readonly query: string;
  readonly found: ReadonlySet<string>;
  readonly last: Doc | null;
  /** Whether the first page had all there is. */
  readonly whole: boolean;
  /** Documents that were heard of while a list was on its way: they may be newer than it. */
  readonly heard: ReadonlySet<string>;
}

export type Loaded<T> =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly failure: Failure }
  | { readonly state: "ready"; readonly value: T };

export interface Notice {
  readonly id: string;
  readonly kind: "plain" | "problem" | "undo";
  /** A message's key, and what goes into it. */
  readonly text: string;
  readonly values: Readonly<Record<string, string | number>>;
  /** With kind `undo`: the document that is about to go. */
  readonly documentId: string | null;
}

/** How one signs in here: nobody knows yet, by a pasted token, by a provider of that host, or it is under way. */
export type Door =
  | { readonly kind: "looking" | "token" | "waiting" }
  | { readonly kind: "provider"; readonly host: string };

export interface State {
  readonly door: Door;
  /** Why the last sign-in by the provider came to nothing. */
  readonly doorProblem: DoorProblem | null;
  readonly session: Session | null;
  /** Who was signed in last: the page stays as it was for them alone. */
  readonly lastUser: string | null;
  /** Whether the last session was ended by the server or its clock. */
  readonly ended: boolean;
  readonly online: boolean;
  readonly live: LiveState;
  readonly quota: Loaded<Quota | null>;
  readonly documents: ReadonlyMap<string, Doc>;
  /** What went, so that an answer that was on its way does not bring it back. */
  readonly removed: ReadonlySet<string>;
  /** Deleted on the page, and not on the server yet. */
  readonly leaving: ReadonlySet<string>;
  /** By document: what is not seen to have come true. */
  readonly wishes: ReadonlyMap<string, Wish>;
  readonly listing: Listing;
  readonly filter: Filter;
  readonly topics: Loaded<readonly Topic[]>;
  readonly settings: Loaded<Classification>;
  readonly transfers: readonly Transfer[];
  readonly unfinished: readonly Unfinished[];
  readonly notices: readonly Notice[];
}

export const EVERYTHING: Filter = { search: "", status: "", topic: "", sort: "newest", page: 0 };

const NOT_LISTED: Listing = {
  state: "idle",
  failure: null,
  cursor: null,
  query: "",
  found: new Set(),
  last: null,
  whole: false,
  heard: new Set(),
};

export function initialState(session: Session | null, online: boolean): State {
  return {
    door: { kind: "looking" },
    doorProblem: null,
    session,
    lastUser: session?.user ?? null,
    ended: false,
    online,
    live: "connecting",
    quota: { state: "loading" },
    documents: new Map(),
    removed: new Set(),
    leaving: new Set(),
    wishes: new Map(),
    listing: NOT_LISTED,
    filter: EVERYTHING,
    topics: { state: "loading" },
    settings: { state: "loading" },
    transfers: [],
    unfinished: [],
    notices: [],
  };
}
