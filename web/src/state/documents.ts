/** What happens to the documents that are known. Pure. */
import type { Doc, DocumentPage, Removal } from "../api/types";
import type { DocumentAction } from "./actions";
import type { State } from "./model";
import { follow, leave } from "./transfers";

export function reduceDocuments(state: State, action: DocumentAction): State {
  switch (action.type) {
    case "listing":
      return { ...state, listing: { ...state.listing, state: "loading", failure: null } };
    case "listed":
      return listed(state, action.page, action.anew);
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

function listed(state: State, page: DocumentPage, anew: boolean): State {
  const documents = new Map(anew ? [] : state.documents);
  for (const document of page.items) {
    if (!state.removed.has(document.id)) documents.set(document.id, newer(state.documents.get(document.id), document));
  }
  const transfers = page.items.reduce(follow, state.transfers);
  return { ...state, documents, transfers, listing: { state: "ready", failure: null, cursor: page.next_cursor } };
}

function seen(state: State, document: Doc): State {
  if (state.removed.has(document.id)) return state;
  const shown = newer(state.documents.get(document.id), document);
  const documents = new Map(state.documents).set(document.id, shown);
  return { ...state, documents, transfers: follow(state.transfers, shown) };
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
