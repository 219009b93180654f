/** Asks the server for the list, a page at a time; the list of another filter breaks off the one before. */
import type { Api } from "./api/client";
import type { ListPart } from "./state/actions";
import type { Filter } from "./state/model";
import type { Store } from "./state/store";
import { queryOf, wordsOf } from "./state/view";

/** So long nobody types any more before it is searched for. */
const TYPING_MS = 200;

export class Lists {
  readonly #api: Api;
  readonly #store: Store;
  #asked = new AbortController();
  #typing: ReturnType<typeof setTimeout> | undefined;
  /** Whether what is known may hold documents that are no more: until a list is made afresh. */
  #stale = true;

  constructor(api: Api, store: Store) {
    this.#api = api;
    this.#store = store;
  }

  filter(change: Partial<Filter>): void {
    const before = this.#store.state.filter;
    this.#store.dispatch({ type: "filter", change });
    const { filter } = this.#store.state;
    if (queryOf(filter) === queryOf(before)) return;
    clearTimeout(this.#typing);
    this.#asked.abort();
    this.#store.dispatch({ type: "listing" });
    const typed = filter.search !== before.search && filter.search !== "";
    this.#typing = setTimeout(() => void this.#ask(null), typed ? TYPING_MS : 0);
  }

  /** All that is known, anew. */
  refresh(): void {
    this.#stale = true;
    void this.#ask(null);
  }

  more(): Promise<void> {
    const { cursor, state } = this.#store.state.listing;
    return cursor === null || state === "loading" ? Promise.resolve() : this.#ask(cursor);
  }

  /** The first page, or what follows the cursor. */
  async #ask(cursor: string | null): Promise<void> {
    clearTimeout(this.#typing);
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const { filter, session } = this.#store.state;
    const { status, topic, sort } = filter;
    const search = wordsOf(filter.search).join(" ");
    this.#store.dispatch({ type: "listing" });
    const answer = await this.#api.list({ search, status, topic, sort }, cursor, signal).catch(() => null);
    if (answer === null || signal.aborted || this.#store.state.session?.user !== session?.user) return;
    if (!answer.ok) return this.#store.dispatch({ type: "listing-failed", failure: answer.failure });
    const part = cursor === null ? this.#firstPart() : "more";
    this.#store.dispatch({ type: "listed", page: answer.body, query: queryOf(filter), part });
  }

  /** Without the stream nobody tells of what went. */
  #firstPart(): ListPart {
    const afresh = this.#stale || this.#store.state.live !== "live";
    this.#stale = false;
    return afresh ? "afresh" : "first";
  }
}
