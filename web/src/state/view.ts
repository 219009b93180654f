/** Which documents the list shows. Pure. */
import type { Doc } from "../api/types";
import type { Filter, Sort, State } from "./model";

export const PER_PAGE = 25;

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

function matching(state: State, locale: string): readonly Doc[] {
  const { filter } = state;
  const words = folded(filter.search).split(/\s+/).filter(Boolean);
  const found = [...state.documents.values()].filter(
    (one) => !state.leaving.has(one.id) && isShown(state, one) && fits(one, filter) && hasAll(one, words),
  );
  return found.sort(comparing(filter.sort, locale));
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
  const text = folded(`${document.filename} ${document.topics.map((topic) => topic.name).join(" ")}`);
  return words.every((word) => text.includes(word));
}

/** Without case and accents, so that "resume" finds "Résumé". */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function comparing(sort: Sort, locale: string): (a: Doc, b: Doc) => number {
  const newest = (a: Doc, b: Doc) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1);
  if (sort === "oldest") return (a, b) => newest(b, a);
  if (sort === "largest") return (a, b) => b.size_bytes - a.size_bytes || newest(a, b);
  if (sort === "newest") return newest;
  const names = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  return (a, b) => names.compare(a.filename, b.filename) || newest(a, b);
}
