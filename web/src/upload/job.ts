/** A file on its way, to those who send it. */
import type { UploadUrl } from "../api/types";

/** What changes while it goes is written here by those who send it and read by its owner. */
export interface Job {
  readonly id: string;
  readonly file: File;
  /** The same for all tries that may mean the same document. */
  idempotencyKey: string;
  documentId: string | null;
  /** Where to put it, from when that was asked for; `usableUntil` is by Date.now(). */
  signature: (UploadUrl & { readonly usableUntil: number }) | null;
  /** Where its parts are, once there are any. */
  parts: { readonly key: string; readonly uploadId: string } | null;
  /** Whether the file goes in parts. */
  multipart: boolean;
  tries: number;
  /** How often it was begun anew because its URL was no more. */
  renewals: number;
}

/** With a new document, from the first byte on. */
export function anew(job: Job): void {
  job.idempotencyKey = crypto.randomUUID();
  job.documentId = null;
  job.signature = null;
  job.parts = null;
}
