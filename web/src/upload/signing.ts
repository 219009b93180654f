/** URLs to put whole files to, asked for many files at a time: for the one whose turn it is, and for those after it. */
import type { Api, NewUpload } from "../api/client";
import type { Failure } from "../api/failure";
import type { QuotaExceeded, UploadUrl } from "../api/types";
import { batchOf, usableUntil } from "./batch";
import type { Job } from "./job";
import { SigningFailed } from "./problem";

/** What whoever owns the files has to do with it. */
export interface Owner {
  /** Files that have no URL, those first whose turn it is. */
  upcoming(): readonly Job[];
  isWanted(job: Job): boolean;
  signed(job: Job, documentId: string): void;
  /** Its turn came when its URL was of no use any more: it needs a new document. */
  outlived(job: Job): void;
  /** It does not fit, and that is known before its turn has come. */
  refused(job: Job, detail: QuotaExceeded): void;
}

interface Batch {
  readonly key: string;
  readonly jobs: readonly Job[];
  readonly refused: Map<Job, QuotaExceeded>;
  /** While it is asked for: what went wrong, or null. */
  asked: Promise<Failure | null> | null;
}

const EXPIRED: Failure = { kind: "refused", status: 422, text: "", field: "" };

export class Signing {
  readonly #api: Api;
  readonly #owner: Owner;
  /** Batches that are asked for, or have to be again: with the same files under the same key, so none is made twice. */
  readonly #batches = new Map<Job, Batch>();
  /** Were in a batch that was refused as a whole. */
  readonly #alone = new WeakSet<Job>();
  readonly #waiting = new Set<Job>();

  constructor(api: Api, owner: Owner) {
    this.#api = api;
    this.#owner = owner;
  }

  /** Where to put this file. Throws SigningFailed. */
  async sign(job: Job): Promise<UploadUrl> {
    if (job.signature !== null && Date.now() >= job.signature.usableUntil) this.#outlived(job);
    if (job.signature !== null) return job.signature;
    this.#waiting.add(job);
    try {
      return await this.#signed(job);
    } finally {
      this.#waiting.delete(job);
    }
  }

  reset(): void {
    this.#batches.clear();
  }

  async #signed(job: Job): Promise<UploadUrl> {
    for (;;) {
      const batch = this.#batches.get(job) ?? this.#compose(job);
      batch.asked ??= this.#ask(batch);
      const failure = await batch.asked;
      const refusal = batch.refused.get(job);
      if (refusal !== undefined) throw new SigningFailed({ kind: "over_quota", detail: refusal });
      if (job.signature !== null) return job.signature;
      if (failure === null) throw new SigningFailed({ kind: "missing" });
      // One of many may be malformed, which is said of the whole: each is told for itself.
      if (failure.kind !== "refused" || batch.jobs.length === 1) throw new SigningFailed(failure);
    }
  }

  /** What was signed ahead and never begun is made anew; what was begun is its owner's to decide. */
  #outlived(job: Job): void {
    if (job.tries > 1) throw new SigningFailed(EXPIRED);
    this.#owner.outlived(job);
  }

  #compose(job: Job): Batch {
    const free = (one: Job) => one !== job && !this.#batches.has(one) && !this.#alone.has(one);
    const others = this.#alone.has(job) ? [] : this.#owner.upcoming().filter(free);
    const batch: Batch = { key: crypto.randomUUID(), jobs: batchOf(job, others), refused: new Map(), asked: null };
    for (const one of batch.jobs) this.#batches.set(one, batch);
    return batch;
  }

  async #ask(batch: Batch): Promise<Failure | null> {
    const failure = await (batch.jobs.length === 1 ? this.#askOne(batch) : this.#askMany(batch));
    batch.asked = null;
    if (failure?.kind === "network" || failure?.kind === "busy" || failure?.kind === "unauthorized") return failure;
    for (const job of batch.jobs) {
      this.#batches.delete(job);
      if (failure !== null) this.#alone.add(job);
    }
    return failure;
  }

  async #askOne(batch: Batch): Promise<Failure | null> {
    for (const job of batch.jobs) {
      const answer = await this.#api.uploadUrl(uploadOf(job), job.idempotencyKey);
      if (!answer.ok) return answer.failure;
      this.#keep(job, answer.body, answer.headers);
    }
    return null;
  }

  async #askMany(batch: Batch): Promise<Failure | null> {
    const answer = await this.#api.uploadUrls(batch.jobs.map(uploadOf), batch.key);
    if (!answer.ok) return answer.failure;
    for (const upload of answer.body.uploads) {
      const job = batch.jobs[upload.index];
      if (job !== undefined) this.#keep(job, upload, answer.headers);
    }
    for (const { index, detail } of answer.body.refused) {
      const job = batch.jobs[index];
      if (job !== undefined) this.#refuse(batch, job, detail);
    }
    return null;
  }

  #keep(job: Job, upload: UploadUrl, headers: Headers): void {
    if (!this.#owner.isWanted(job)) {
      void this.#api.remove(upload.document_id); // it was cancelled meanwhile
      return;
    }
    job.signature = { ...upload, usableUntil: usableUntil(upload.expires_at, headers.get("Date"), Date.now()) };
    job.documentId = upload.document_id;
    this.#owner.signed(job, upload.document_id);
  }

  #refuse(batch: Batch, job: Job, detail: QuotaExceeded): void {
    if (this.#waiting.has(job)) batch.refused.set(job, detail);
    else if (this.#owner.isWanted(job)) this.#owner.refused(job, detail);
  }
}

function uploadOf({ file }: Job): NewUpload {
  return { filename: file.name, content_type: file.type, size_bytes: file.size };
}
