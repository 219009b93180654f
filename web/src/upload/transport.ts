/** The transfer itself, by Uppy: a PUT, or parts from 100 MB on, straight to the store by URLs that our API signs. */
import AwsS3, { type AwsBody } from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import type { Api } from "../api/client";
import type { Answer } from "../api/failure";
import type { Signed } from "../api/types";
import type { Job } from "./job";
import { partSize } from "./parts";
import { SigningFailed } from "./problem";
import type { Signing } from "./signing";

type Meta = { readonly job: string; readonly relativePath: string };

export interface Progress {
  signed(job: Job, documentId: string): void;
  /** The first part is about to go: from now on it can be resumed. */
  resumable(job: Job): void;
  sent(job: Job): void;
  progress(job: Job, bytes: number): void;
  failed(job: Job, error: unknown): void;
}

export const AT_ONCE = 4;
export class Transport {
  readonly #api: Api;
  readonly #signing: Signing;
  readonly #progress: Progress;
  readonly #jobs = new Map<string, Job>();
  readonly #files = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #uppy: Uppy<Meta, AwsBody>;

  constructor(api: Api, signing: Signing, progress: Progress) {
    this.#api = api;
    this.#signing = signing;
    this.#progress = progress;
    const logger = { debug: nothing, warn: nothing, error: nothing }; // what fails is told to our owner
    this.#uppy = new Uppy<Meta, AwsBody>({ id: "docuvault", autoProceed: true, logger }).use(AwsS3<Meta, AwsBody>, {
      limit: AT_ONCE,
      shouldUseMultipart: (file) => this.#jobs.get(file.meta.job)?.multipart ?? false,
      getChunkSize: ({ size }) => partSize(size),
      generateObjectKey: (file) => file.meta.job,
      signRequest: (request) => this.#sign(request),
    });
    this.#uppy.on("upload-progress", (file, { bytesUploaded }) =>
      this.#with(file, (job) => progress.progress(job, bytesUploaded || 0)),
    );
    this.#uppy.on("upload-success", (file) => this.#with(file, (job) => this.#end(job, () => progress.sent(job))));
    this.#uppy.on("upload-error", (file, error) =>
      this.#with(file, (job) => this.#end(job, () => progress.failed(job, error))),
    );
  }

  /** Sends it, or what of it is not there yet. */
  start(job: Job): void {
    job.tries += 1;
    this.#jobs.set(job.id, job);
    const { name, type } = job.file;
    const meta = { job: job.id, relativePath: `${job.id}/${job.tries}` }; // two of a name are two files
    const file = this.#uppy.addFile({ name, type, data: job.file, meta });
    this.#files.set(job.id, file);
    if (job.parts === null) return;
    this.#keys.set(job.parts.key, job.id);
    this.#uppy.setFileState(file, { s3Multipart: job.parts });
  }

  /** Ends it; parts that are in the store are given up, too. */
  cancel(job: Job): void {
    const file = this.#files.get(job.id);
    if (file !== undefined) this.#uppy.removeFile(file);
    this.#forget(job);
  }

  #end(job: Job, tell: () => void): void {
    const file = this.#files.get(job.id);
    this.#forget(job);
    if (file !== undefined) this.#uppy.removeFile(file);
    tell();
  }

  #forget(job: Job): void {
    this.#files.delete(job.id);
    this.#jobs.delete(job.id);
  }

  #with(file: { readonly id: string; readonly meta: Meta } | undefined, tell: (job: Job) => void): void {
    const job = file === undefined ? undefined : this.#jobs.get(file.meta.job);
    if (job !== undefined && file?.id === this.#files.get(job.id)) tell(job);
  }

  /** Uppy asks with the key it knows: our job's id at first, the store's key once it was told. */
  async #sign(request: SignRequest): Promise<Signed> {
    const job = this.#jobs.get(request.key) ?? this.#jobs.get(this.#keys.get(request.key) ?? "");
    if (job === undefined) throw new SigningFailed({ kind: "missing" }); // it was cancelled meanwhile
    if (request.method === "PUT" && request.uploadId === undefined) return this.#signWhole(job);
    return this.#signParts(job, request);
  }

  async #signWhole(job: Job): Promise<Signed> {
    const signed = await this.#signing.sign(job);
    return { url: signed.upload_url, headers: signed.headers ?? {} };
  }

  async #signParts(job: Job, request: SignRequest): Promise<Signed> {
    if (request.uploadId !== undefined) this.#remember(job, request.key, request.uploadId);
    const { name, type, size } = job.file;
    const more = { filename: name, contentType: type, size_bytes: size, document_id: job.documentId ?? undefined };
    const signed = bodyOf(await this.#api.signRequest({ ...request, ...more }));
    if (signed.document_id !== undefined) this.#signed(job, signed.document_id);
    if (signed.key !== undefined) this.#keys.set(signed.key, job.id);
    return signed;
  }

  #signed(job: Job, documentId: string): void {
    if (job.documentId === documentId) return;
    job.documentId = documentId;
    this.#progress.signed(job, documentId);
  }

  #remember(job: Job, key: string, uploadId: string): void {
    if (job.parts?.uploadId === uploadId) return;
    job.parts = { key, uploadId };
    this.#progress.resumable(job);
  }
}

interface SignRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
}

function nothing(): void {}

function bodyOf<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.body;
  throw new SigningFailed(answer.failure);
}
