/** What happens to the documents that are known. Pure. */
import type { Doc, DocumentPage, Removal } from "../api/types";
import type { DocumentAction, ListPart } from "./actions";
import type { Listing, State } from "./model";
import { follow, leave } from "./transfers";

export function reduceDocuments(state: State, action: DocumentAction): State {
  switch (action.type) {
    case "listing":
      return { ...state, listing: { ...state.listing, state: "loading", failure: null, heard: new Set() } };
    case "listed":
      return listed(state, action.page, action.query, action.part);
    case "listing-failed":
      return { ...state, listing: { ...state.listing, state: "failed", failure: action.failure } };
    case "document":
      return seen(state, action.document);
    case "removed":
      return removed(state, action.removal);
    case "leaving":
      return { ...state, leaving: new Set([...state.leaving, action.id]) };
    case "stays":
      return { ...state, leaving: without(state.leaving, action.id) };
  }
}

function listed(state: State, page: DocumentPage, query: string, part: ListPart): State {
  const documents = new Map([...state.documents].filter(([id]) => part !== "afresh" || state.listing.heard.has(id)));
  for (const document of page.items) {
    if (!state.removed.has(document.id)) documents.set(document.id, newer(state.documents.get(document.id), document));
  }
  const transfers = page.items.reduce(follow, state.transfers);
  const before = part === "more" ? state.listing : null;
  const listing: Listing = {
    state: "ready",
    failure: null,
    cursor: page.next_cursor,
    query,
    found: new Set([...(before?.found ?? []), ...page.items.map((one) => one.id)]),
    last: page.items.at(-1) ?? before?.last ?? null,
    whole: before === null && page.next_cursor === null,
    heard: new Set(),
  };
  return { ...state, documents, transfers, listing };
}

function seen(state: State, document: Doc): State {
  if (state.removed.has(document.id)) return state;
  const shown = newer(state.documents.get(document.id), document);
  const documents = new Map(state.documents).set(document.id, shown);
  const heard =
    state.listing.state === "loading" ? new Set([...state.listing.heard, document.id]) : state.listing.heard;
  return { ...state, documents, transfers: follow(state.transfers, shown), listing: { ...state.listing, heard } };
}

function removed(state: State, removal: Removal): State {
  const documents = new Map(state.documents);
  documents.delete(removal.id);
  return {
    ...state,
    documents,
    removed: new Set([...state.removed, removal.id]),
    leaving: without(state.leaving, removal.id),
    transfers: leave(state.transfers, removal),
  };
}

/** An answer may be older than what the stream has told since it was asked for. */
function newer(known: Doc | undefined, told: Doc): Doc {
  return known !== undefined && Date.parse(known.updated_at) > Date.parse(told.updated_at) ? known : told;
}

function without(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return set.has(id) ? new Set([...set].filter((one) => one !== id)) : set;
}
