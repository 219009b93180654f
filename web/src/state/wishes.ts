/**
 * What a person wished a document to be filed under, shown until the document says the same. Pure.
 *
 * A document changes for other reasons, too (a classification of before the wish may come in): that ends no wish. One
 * that failed, or that nothing has come of in time, is ended by who has said it to the server.
 */
import type { Doc } from "../api/types";
import type { WishAction } from "./actions";
import type { State, Wish } from "./model";

export function reduceWishes(state: State, action: WishAction): State {
  const known = state.wishes.get(action.id);
  switch (action.type) {
    case "wished": {
      const since = state.documents.get(action.id)?.updated_at ?? "";
      return { ...state, wishes: put(state, action.id, { ...action.wish, since, saved: false }) };
    }
    case "wish-saved":
      if (known?.number !== action.number) return state;
      return fulfil({ ...state, wishes: put(state, action.id, { ...known, saved: true }) });
    case "wish-over":
      return known?.number === action.number ? { ...state, wishes: put(state, action.id, null) } : state;
  }
}

/** The state without the wishes that have come true, and without those for documents that went. */
export function fulfil(state: State): State {
  const wishes = [...state.wishes].filter(([id, wish]) => isOpen(wish, id, state));
  return wishes.length === state.wishes.size ? state : { ...state, wishes: new Map(wishes) };
}

/** The topics that are shown as chosen. */
export function chosenTopics(document: Doc, wish: Wish | undefined): readonly string[] {
  return wish?.topics ?? topicsOf(document);
}

function isOpen(wish: Wish, id: string, state: State): boolean {
  if (state.removed.has(id)) return false;
  if (!wish.saved) return true;
  if (wish.topics === null) return false; // whatever the classifier finds is what was wished
  const document = state.documents.get(id);
  return document === undefined || document.updated_at === wish.since || !isSame(topicsOf(document), wish.topics);
}

function topicsOf(document: Doc): readonly string[] {
  return document.topics.map((topic) => topic.topic_id);
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

function put(state: State, id: string, wish: Wish | null): ReadonlyMap<string, Wish> {
  const wishes = new Map(state.wishes);
  if (wish === null) wishes.delete(id);
  else wishes.set(id, wish);
  return wishes;
}
