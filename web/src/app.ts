/** What a person can do, and what happens by itself: the thin shell around state, API, stream and uploads. */
import { Api } from "./api/client";
import type { Answer, Failure } from "./api/failure";
import { Http } from "./api/http";
import { Live, parseData } from "./api/live";
import { removalOf } from "./api/removal";
import type { ServerEvent } from "./api/sse";
import type { ClassificationDraft, Doc, Quota, TopicDraft } from "./api/types";
import { Corrections } from "./corrections";
import { Lists } from "./lists";
import { Notices } from "./notices";
import { forgetSession, keepSession, readToken, type Session, type TokenProblem } from "./session";
import { Entrance } from "./signin/entrance";
import type { Returned } from "./signin/errand";
import type { Store } from "./state/store";
import type { Picked } from "./upload/picked";
import { keepUnfinished, readUnfinished } from "./upload/unfinished";
import { Uploader } from "./upload/uploader";

const UNDO_SECONDS = 8;

export class App {
  readonly store: Store;
  readonly api: Api;
  readonly notices: Notices;
  readonly corrections: Corrections;
  readonly lists: Lists;
  readonly entrance: Entrance;
  readonly #live: Live;
  #loaded: Uploader | null = null;

  constructor(store: Store) {
    this.store = store;
    const http = new Http(
      () => store.state.session?.token ?? "",
      () => this.entrance.renew(),
    );
    this.entrance = new Entrance(store, {
      entered: (session, before) => this.#entered(session, before),
      ended: () => this.#ended(),
    });
    this.api = new Api(http);
    this.notices = new Notices(store);
    this.corrections = new Corrections(this.api, store, this.notices);
    this.lists = new Lists(this.api, store);
    this.#live = new Live(http, {
      state: (live) => store.dispatch({ type: "live", live }),
      event: (event, resumed) => this.#heard(event, resumed),
    });
  }

  /** `returned` is what the browser came back from the provider with. Returns when it is known who is in, if anybody. */
  async start(returned: Returned | null): Promise<void> {
    addEventListener("online", () => this.#network(true));
    addEventListener("offline", () => this.#network(false));
    addEventListener("pagehide", () => {
      this.#flushDeletions();
      this.#loaded?.leave();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#live.nudge();
    });
    if (this.store.state.session !== null) this.#enter();
    await this.entrance.open(returned);
  }

  async signIn(pasted: string): Promise<TokenProblem | Failure | null> {
    const session = readToken(pasted, Date.now());
    if (typeof session === "string") return session;
    const refused = await this.#tried(session);
    if (refused !== null) return refused;
    this.#entered(session, this.store.state.lastUser ?? "");
    return null;
  }

  signOut(): void {
    const { session } = this.store.state;
    this.#flushDeletions();
    this.#loaded?.leave();
    this.#live.stop();
    forgetSession();
    this.#forgetUploads();
    this.store.dispatch({ type: "signed-out", ended: false });
    if (session !== null) void this.entrance.leave(session);
  }

  upload(picked: readonly Picked[]): void {
    if (picked.length > 0) this.withUploader((uploader) => uploader.add(picked));
  }

  withUploader(work: (uploader: Uploader) => void): void {
    this.#loaded ??= new Uploader(this.api, this.store);
    work(this.#loaded);
  }

  /** Everything that is shown, anew. */
  refresh(): void {
    this.lists.refresh();
    void this.loadQuota();
  }

  async loadQuota(): Promise<void> {
    const answer = await this.api.quota();
    if (answer.ok) this.store.dispatch({ type: "quota", quota: { state: "ready", value: answer.body } });
    else if (answer.failure.kind === "missing")
      this.store.dispatch({ type: "quota", quota: { state: "ready", value: null } });
    else this.store.dispatch({ type: "quota", quota: { state: "failed", failure: answer.failure } });
  }

  async loadTopics(): Promise<void> {
    const answer = await this.api.topics();
    const topics = answer.ok
      ? ({ state: "ready", value: answer.body.items } as const)
      : ({ state: "failed", failure: answer.failure } as const);
    this.store.dispatch({ type: "topics", topics });
  }

  async loadSettings(): Promise<void> {
    const answer = await this.api.settings();
    const settings = answer.ok
      ? ({ state: "ready", value: answer.body } as const)
      : ({ state: "failed", failure: answer.failure } as const);
    this.store.dispatch({ type: "settings", settings });
  }

  /** Null where it is known from now on. */
  async loadDocument(id: string): Promise<Failure | null> {
    const answer = await this.api.document(id);
    if (!answer.ok) return answer.failure;
    this.store.dispatch({ type: "document", document: answer.body });
    return null;
  }

  delete(document: Doc): void {
    this.store.dispatch({ type: "leaving", id: document.id });
    this.notices.undo(document.id, "notice.deleted", { name: document.filename }, UNDO_SECONDS, () => {
      void this.#deleteNow(document);
    });
  }

  undoDelete(documentId: string): void {
    this.notices.undone(documentId);
    this.store.dispatch({ type: "stays", id: documentId });
  }

  async download(document_: Doc): Promise<void> {
    const answer = await this.api.download(document_.id);
    if (!answer.ok) return this.notices.problem("notice.no_download", { name: document_.filename });
    const link = document.createElement("a");
    link.href = answer.body.url; // the store says that it is an attachment, so the page stays
    link.rel = "noreferrer";
    link.click();
  }

  async classify(id: string): Promise<void> {
    const answer = await this.api.classify(id);
    if (answer.ok) this.notices.plain("notice.classifying", {});
    else this.notices.failure("notice.not_classified", answer.failure);
  }

  async saveTopic(id: string | null, draft: TopicDraft): Promise<Failure | null> {
    const answer = id === null ? await this.api.addTopic(draft) : await this.api.changeTopic(id, draft);
    if (!answer.ok) return answer.failure;
    await this.loadTopics();
    return null;
  }

  async removeTopic(id: string): Promise<void> {
    const answer = await this.api.removeTopic(id);
    if (!answer.ok && answer.failure.kind !== "missing") this.notices.failure("notice.not_saved", answer.failure);
    await this.loadTopics();
  }

  async saveSettings(draft: ClassificationDraft): Promise<Failure | null> {
    const answer = await this.api.changeSettings(draft);
    if (!answer.ok) return answer.failure;
    this.store.dispatch({ type: "settings", settings: { state: "ready", value: answer.body } });
    return null;
  }

  /** What `before` left unfinished is nobody else's. */
  #entered(session: Session, before: string): void {
    if (session.user !== before) this.#forgetUploads();
    this.store.dispatch({ type: "signed-in", session });
    keepSession(session);
    this.entrance.plan();
    this.#enter();
  }

  #enter(): void {
    this.store.dispatch({ type: "unfinished", files: readUnfinished() });
    this.refresh();
    void this.loadTopics();
    void this.loadSettings();
    this.#live.start();
  }

  #forgetUploads(): void {
    this.#loaded?.reset();
    keepUnfinished([]);
  }

  /** Null where the server takes the token. */
  async #tried(session: Session): Promise<Failure | null> {
    const answer: Answer<Quota> = await new Api(
      new Http(
        () => session.token,
        async () => "ended",
      ),
    ).quota();
    return answer.ok || answer.failure.kind === "missing" ? null : answer.failure;
  }

  #ended(): void {
    if (this.store.state.session === null) return;
    this.#live.stop();
    forgetSession();
    this.store.dispatch({ type: "signed-out", ended: true });
    void this.entrance.look();
  }

  /** The token of the stream has ended; the session's may be another one by now. */
  #expired(): void {
    const { session } = this.store.state;
    if (session === null || (session.renewable && session.expires !== null && session.expires > Date.now())) return;
    void this.entrance.renew();
  }

  #network(online: boolean): void {
    this.store.dispatch({ type: "online", online });
    if (online) this.#live.nudge();
    if (online && this.store.state.live === "off" && this.store.state.session !== null) this.refresh();
  }

  #heard(event: ServerEvent, resumed: boolean): void {
    const data = parseData(event.data);
    if (event.event === "reset" || (event.event === "hello" && !resumed)) this.refresh();
    else if (event.event === "document") this.store.dispatch({ type: "document", document: data as Doc });
    else if (event.event === "quota")
      this.store.dispatch({ type: "quota", quota: { state: "ready", value: data as Quota } });
    else if (event.event === "expired") this.#expired();
    else if (event.event === "removed") {
      const removal = removalOf(data);
      if (removal !== null) this.store.dispatch({ type: "removed", removal });
    }
  }

  async #deleteNow(document: Doc, keepalive = false): Promise<void> {
    const answer = await this.api.remove(document.id, keepalive);
    if (answer.ok || answer.failure.kind === "missing") {
      this.store.dispatch({ type: "removed", removal: { id: document.id, reason: "deleted" } });
      if (this.store.state.live !== "live") void this.loadQuota();
    } else {
      this.store.dispatch({ type: "stays", id: document.id });
      this.notices.failure("notice.not_deleted", answer.failure, { name: document.filename });
    }
  }

  /** Who leaves the page has had the time to think it over: the requests outlive it. */
  #flushDeletions(): void {
    for (const id of this.notices.takeUndone()) {
      const known = this.store.state.documents.get(id);
      if (known !== undefined) void this.#deleteNow(known, true);
    }
  }
}
