/**
 * Which documents the list shows. Pure.
 *
 * The server searches, filters and orders, page by page; what the stream tells meanwhile finds its place here by the
 * same rules. Beyond the last document that was listed nobody knows yet what is between those that are known.
 */
import type { Doc } from "../api/types";
import type { Filter, Listing, Sort, State } from "./model";

export const PER_PAGE = 25;
/** The API takes no more. */
export const MOST_WORDS = 8;
export const MOST_SEARCHED = 200;
/** So much of a name is compared. */
const KEY_LENGTH = 255;

export interface View {
  readonly items: readonly Doc[];
  /** Documents that fit, of those that are loaded. */
  readonly matches: number;
  /** From 0, and never beyond the last. */
  readonly page: number;
  readonly pages: number;
}

export function viewOf(state: State, locale: string): View {
  const all = matching(state, locale);
  const pages = Math.max(1, Math.ceil(all.length / PER_PAGE));
  const page = Math.min(state.filter.page, pages - 1);
  return { items: all.slice(page * PER_PAGE, (page + 1) * PER_PAGE), matches: all.length, page, pages };
}

/** What is asked of the server, as one text: lists of the same one are pages of one list. */
export function queryOf({ search, status, topic, sort }: Filter): string {
  return JSON.stringify([wordsOf(search), status, topic, sort]);
}

/** The words that the server searches for. */
export function wordsOf(search: string): readonly string[] {
  return search.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
}

function matching(state: State, locale: string): readonly Doc[] {
  const { filter, listing } = state;
  const words = folded(filter.search).split(/\s+/).filter(Boolean);
  const listed = listing.query === queryOf(filter); // else it is of the filter before
  const compare = comparing(filter.sort, listed && listing.whole ? locale : null);
  const isWithin = (one: Doc) => !listed || isBeforeEnd(one, listing, compare);
  const isFound = (one: Doc) => (listed && listing.found.has(one.id)) || (hasAll(one, words) && isWithin(one));
  const found = [...state.documents.values()].filter(
    (one) => !state.leaving.has(one.id) && isShown(state, one) && fits(one, filter) && isFound(one),
  );
  return found.sort(compare);
}

/** Whether all that is before it is known. */
function isBeforeEnd(one: Doc, { cursor, last }: Listing, compare: (a: Doc, b: Doc) => number): boolean {
  return cursor === null || last === null || compare(one, last) < 0;
}

/** One that is still being sent, or was interrupted in it, is shown above the list, so not twice. */
function isShown(state: State, { id, status }: Doc): boolean {
  if (status !== "pending") return true;
  return ![...state.transfers, ...state.unfinished].some((one) => one.documentId === id);
}

function fits(document: Doc, filter: Filter): boolean {
  if (filter.status !== "" && document.status !== filter.status) return false;
  return filter.topic === "" || document.topics.some((topic) => topic.topic_id === filter.topic);
}

function hasAll(document: Doc, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const name = folded(document.filename);
  return words.every((word) => name.includes(word));
}

/** Without case and accents, so that "resume" finds "Résumé", and "strasse" "Straße". */
function folded(text: string): string {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  return plain.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** Total orders, as the server has them. Where all is known at once, names are ordered as people of `locale` count. */
function comparing(sort: Sort, locale: string | null): (a: Doc, b: Doc) => number {
  const ids = (a: Doc, b: Doc) => (a.id < b.id ? -1 : 1);
  const times = (a: Doc, b: Doc) => Date.parse(a.created_at) - Date.parse(b.created_at) || ids(a, b);
  if (sort === "oldest") return times;
  if (sort === "newest") return (a, b) => times(b, a);
  if (sort === "largest") return (a, b) => b.size_bytes - a.size_bytes || ids(b, a);
  if (locale === null) return (a, b) => compareKeys(keyOf(a), keyOf(b)) || ids(a, b);
  const names = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  return (a, b) => names.compare(a.filename, b.filename) || ids(a, b);
}

function keyOf({ filename }: Doc): string {
  return folded(filename).slice(0, KEY_LENGTH);
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
