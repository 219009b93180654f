/** Files from the drop to the decision: whose turn it is, what is done about trouble, and the confirm. */
import { type Api, pause } from "../api/client";
import type { QuotaExceeded } from "../api/types";
import type { Problem } from "../state/model";
import type { Store } from "../state/store";
import { confirm } from "./confirm";
import { anew, type Job } from "./job";
import { online } from "./online";
import type { Picked } from "./picked";
import { remedyFor } from "./problem";
import { type Owner, Signing } from "./signing";
import { AT_ONCE, type Progress, Transport } from "./transport";
import { isSameFile, keepUnfinished, readUnfinished } from "./unfinished";

const MULTIPART_FROM = 100 * 1024 * 1024;
const PROGRESS_EVERY_MS = 200;
const MOST_TRIES = 8;
const MOST_RENEWALS = 2;

export class Uploader implements Progress, Owner {
  readonly #api: Api;
  readonly #store: Store;
  readonly #signing: Signing;
  readonly #transport: Transport;
  readonly #jobs = new Map<string, Job>();
  readonly #turn: Job[] = [];
  readonly #going = new Set<Job>();
  #bytes = new Map<string, number>();
  #flushing: ReturnType<typeof setTimeout> | null = null;
  #partsAllowed = true;

  constructor(api: Api, store: Store) {
    this.#api = api;
    this.#store = store;
    this.#signing = new Signing(api, this);
    this.#transport = new Transport(api, this.#signing, this);
  }

  add(picked: readonly Picked[]): void {
    const files = picked.map(({ file, folder }) => {
      return { id: crypto.randomUUID(), name: file.name, folder, size: file.size, file };
    });
    this.#store.dispatch({ type: "added", files });
    for (const { id, file } of files) this.#enqueue(this.#job(id, file));
  }

  cancel(id: string): void {
    const job = this.#jobs.get(id);
    this.#store.dispatch({ type: "cancelled", id });
    if (job === undefined) return;
    this.#transport.cancel(job);
    this.#jobs.delete(id);
    this.#over(job);
    if (job.documentId === null) return;
    this.#forgetParts(job.documentId);
    void this.#api.remove(job.documentId);
  }

  /** The same file again, after a failure or a refusal; parts that are there already are not sent again. */
  retry(id: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    const problem = this.#store.state.transfers.find((one) => one.id === id)?.problem;
    if (problem?.kind !== "network" && problem?.kind !== "busy" && problem?.kind !== "session") anew(job);
    job.tries = 0;
    job.renewals = 0;
    this.#again(job);
  }

  /** Another user is here: nothing of the last one's goes on. */
  reset(): void {
    for (const job of this.#jobs.values()) this.#transport.cancel(job);
    this.#jobs.clear();
    this.#going.clear();
    this.#turn.length = 0;
    this.#signing.reset();
  }

  /** Whoever leaves sends no more: documents that were made ahead of their files' turn are not left behind. */
  leave(): void {
    for (const job of this.#turn) {
      if (job.signature !== null && job.tries === 0) this.outlived(job, true); // the page may be brought back
    }
  }

  upcoming(): readonly Job[] {
    return [...this.#going, ...this.#turn].filter(
      (job) => this.isWanted(job) && !job.multipart && job.documentId === null,
    );
  }

  isWanted(job: Job): boolean {
    return this.#jobs.get(job.id) === job;
  }

  outlived(job: Job, leaving = false): void {
    if (job.documentId !== null) void this.#api.remove(job.documentId, leaving);
    anew(job);
    this.#store.dispatch({ type: "again", id: job.id });
  }

  refused(job: Job, detail: QuotaExceeded): void {
    const place = this.#turn.indexOf(job);
    if (place >= 0) this.#turn.splice(place, 1);
    this.#store.dispatch({ type: "over-quota", id: job.id, detail });
  }

  /** Gives up an upload of before the page was loaded anew. */
  discard(documentId: string): void {
    this.#forgetParts(documentId);
    this.#taken(documentId);
    void this.#api.remove(documentId);
  }

  signed(job: Job, documentId: string): void {
    this.#store.dispatch({ type: "signed", id: job.id, documentId });
  }

  resumable(job: Job): void {
    if (job.parts === null || job.documentId === null) return;
    const { documentId, parts } = job;
    const { name, size, lastModified: modified } = job.file;
    const others = readUnfinished().filter((one) => one.documentId !== documentId);
    keepUnfinished([...others, { name, size, modified, ...parts, documentId }]);
  }

  progress(job: Job, bytes: number): void {
    this.#bytes.set(job.id, bytes);
    this.#flushing ??= setTimeout(() => this.#flush(), PROGRESS_EVERY_MS);
  }

  sent(job: Job): void {
    this.#store.dispatch({ type: "sent", id: job.id });
    this.#over(job);
    if (job.documentId === null) return;
    this.#forgetParts(job.documentId);
    void confirm(this.#api, this.#store, job.id, job.documentId);
  }

  failed(job: Job, error: unknown): void {
    const remedy = remedyFor(error, { multipart: job.multipart, begun: job.documentId !== null });
    switch (remedy.kind) {
      case "sent":
        return this.sent(job);
      case "over-quota":
        this.#store.dispatch({ type: "over-quota", id: job.id, detail: remedy.detail });
        return this.#over(job);
      case "wait":
        void this.#wait(job, remedy.problem);
        return;
      case "renew":
        return this.#renew(job, remedy.problem);
      case "whole":
        this.#partsAllowed = false;
        job.multipart = false;
        return this.#again(job);
      case "give-up":
        return this.#giveUp(job, remedy.problem);
    }
  }

  #job(id: string, file: File): Job {
    const known = this.#store.state.unfinished.find((one) => isSameFile(one, file));
    const job: Job = {
      id,
      file,
      idempotencyKey: id,
      documentId: known?.documentId ?? null,
      signature: null,
      parts: known === undefined ? null : { key: known.key, uploadId: known.uploadId },
      multipart: known !== undefined || (this.#partsAllowed && file.size > MULTIPART_FROM),
      tries: 0,
      renewals: 0,
    };
    this.#jobs.set(id, job);
    if (known !== undefined) {
      this.#taken(known.documentId);
      this.signed(job, known.documentId);
    }
    return job;
  }

  #enqueue(job: Job): void {
    this.#turn.push(job);
    this.#next();
  }

  #next(): void {
    while (this.#going.size < AT_ONCE) {
      const job = this.#turn.shift();
      if (job === undefined) return;
      if (!this.isWanted(job)) continue; // it was cancelled
      this.#going.add(job);
      this.#transport.start(job);
    }
  }

  #over(job: Job): void {
    this.#going.delete(job);
    this.#next();
  }

  #again(job: Job): void {
    this.#store.dispatch({ type: "again", id: job.id });
    if (job.documentId !== null) this.signed(job, job.documentId);
    this.#going.delete(job);
    this.#enqueue(job);
  }

  #giveUp(job: Job, problem: Problem): void {
    this.#store.dispatch({ type: "failed", id: job.id, problem });
    this.#over(job);
  }

  #renew(job: Job, problem: Problem): void {
    if (job.renewals >= MOST_RENEWALS) return this.#giveUp(job, problem);
    job.renewals += 1;
    anew(job);
    this.#again(job);
  }

  async #wait(job: Job, problem: Problem): Promise<void> {
    if (job.tries > MOST_TRIES && navigator.onLine) return this.#giveUp(job, problem);
    this.#store.dispatch({ type: "held", id: job.id, problem });
    this.#over(job);
    await Promise.all([online(), pause(Math.min(2 ** job.tries, 20) * (0.5 + Math.random() / 2))]);
    if (this.isWanted(job)) this.#enqueue(job);
  }

  #flush(): void {
    this.#flushing = null;
    this.#store.dispatch({ type: "progress", at: performance.now(), sent: this.#bytes });
    this.#bytes = new Map();
  }

  #forgetParts(documentId: string): void {
    keepUnfinished(readUnfinished().filter((one) => one.documentId !== documentId));
  }

  #taken(documentId: string): void {
    const files = this.#store.state.unfinished.filter((one) => one.documentId !== documentId);
    this.#store.dispatch({ type: "unfinished", files });
  }
}
