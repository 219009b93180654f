/** Says to the server what a person files by hand: one wish after the other, of those that wait only the last. */
import { type Api, pause } from "./api/client";
import type { Notices } from "./notices";
import type { Store } from "./state/store";

/** When a document that does not say what was wished is asked for again; after the last it is shown as it is. */
const LOOKS_SECONDS = [0.5, 1.5, 3, 5];

export class Corrections {
  readonly #api: Api;
  readonly #store: Store;
  readonly #notices: Notices;
  readonly #last = new Map<string, Promise<unknown>>();
  #count = 0;

  constructor(api: Api, store: Store, notices: Notices) {
    this.#api = api;
    this.#store = store;
    this.#notices = notices;
  }

  /**
   * Files a document under these topics and no others; null leaves it to the classifier. Shown at once. Resolves with
   * whether the server has taken it; with false, too, where another wish came before it was said.
   */
  async wish(id: string, topics: readonly string[] | null): Promise<boolean> {
    this.#count += 1;
    const number = this.#count;
    this.#store.dispatch({ type: "wished", id, wish: { topics, number } });
    const before = this.#last.get(id) ?? Promise.resolve();
    const said = before.then(() => this.#say(id, topics, number));
    this.#last.set(id, said);
    const done = await said;
    if (this.#last.get(id) === said) this.#last.delete(id);
    return done;
  }

  async #say(id: string, topics: readonly string[] | null, number: number): Promise<boolean> {
    if (!this.#isOpen(id, number)) return false;
    const answer = topics === null ? await this.#api.uncorrect(id) : await this.#api.correct(id, topics);
    if (answer.ok) {
      this.#store.dispatch({ type: "wish-saved", id, number });
      void this.#look(id, number);
    } else {
      this.#notices.failure("notice.not_corrected", answer.failure);
      this.#store.dispatch({ type: "wish-over", id, number });
    }
    return answer.ok;
  }

  /** A stream that tells in time makes this ask nothing. */
  async #look(id: string, number: number): Promise<void> {
    for (const seconds of LOOKS_SECONDS) {
      await pause(seconds);
      if (!this.#isOpen(id, number)) return;
      const answer = await this.#api.document(id);
      if (answer.ok) this.#store.dispatch({ type: "document", document: answer.body });
    }
    this.#store.dispatch({ type: "wish-over", id, number });
  }

  #isOpen(id: string, number: number): boolean {
    return this.#store.state.wishes.get(id)?.number === number;
  }
}
