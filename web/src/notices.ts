/** Short messages that come and go. They wait while somebody reads them: the pointer is over them, or the focus within. */
import type { Failure } from "./api/failure";
import type { Notice } from "./state/model";
import type { Store } from "./state/store";

const PLAIN_SECONDS = 5;
const PROBLEM_SECONDS = 12;

type Values = Notice["values"];

interface Pending {
  readonly over: () => void;
  seconds: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | null;
}

export class Notices {
  readonly #store: Store;
  readonly #pending = new Map<string, Pending>();
  #held = false;

  constructor(store: Store) {
    this.#store = store;
  }

  plain(text: string, values: Values): void {
    this.#say(
      { id: crypto.randomUUID(), kind: "plain", text, values, documentId: null },
      PLAIN_SECONDS,
      () => undefined,
    );
  }

  problem(text: string, values: Values): void {
    this.#say(
      { id: crypto.randomUUID(), kind: "problem", text, values, documentId: null },
      PROBLEM_SECONDS,
      () => undefined,
    );
  }

  /** A problem with what the server says of it, where it says something a person can use. */
  failure(text: string, failure: Failure, values: Values = {}): void {
    this.problem(text, { ...values, why: failure.kind === "refused" ? failure.text : "" });
  }

  /** `over` is called unless it was undone. */
  undo(documentId: string, text: string, values: Values, seconds: number, over: () => void): void {
    this.#say({ id: `undo ${documentId}`, kind: "undo", text, values, documentId }, seconds, over);
  }

  undone(documentId: string): void {
    this.#end(`undo ${documentId}`);
  }

  dismiss(id: string): void {
    const pending = this.#pending.get(id);
    this.#end(id);
    pending?.over();
  }

  /** The documents that are about to go; nobody can undo it any more. */
  takeUndone(): readonly string[] {
    const ids = [...this.#pending.keys()].filter((id) => id.startsWith("undo "));
    for (const id of ids) this.#end(id);
    return ids.map((id) => id.slice("undo ".length));
  }

  /** While held, no time passes. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    for (const [id, pending] of this.#pending) {
      if (held) this.#pause(pending);
      else this.#run(id, pending);
    }
  }

  #say(notice: Notice, seconds: number, over: () => void): void {
    const pending = { over, seconds, since: 0, timer: null };
    this.#pending.set(notice.id, pending);
    this.#store.dispatch({ type: "noticed", notice });
    if (!this.#held) this.#run(notice.id, pending);
  }

  #run(id: string, pending: Pending): void {
    pending.since = performance.now();
    pending.timer = setTimeout(() => this.dismiss(id), pending.seconds * 1000);
  }

  #pause(pending: Pending): void {
    if (pending.timer !== null) clearTimeout(pending.timer);
    pending.seconds = Math.max(1, pending.seconds - (performance.now() - pending.since) / 1000);
  }

  #end(id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined && pending.timer !== null) clearTimeout(pending.timer);
    this.#pending.delete(id);
    this.#store.dispatch({ type: "notice-over", id });
  }
}
