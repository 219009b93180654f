/** The HTTP API, a method a call. */
import type { Answer } from "./failure";
import type { Call, Http } from "./http";
import type {
  Classification,
  ClassificationDraft,
  Doc,
  DocumentPage,
  Quota,
  Signed,
  Timeline,
  Topic,
  TopicDraft,
  TopicSuggestion,
  UploadUrl,
  UploadUrls,
} from "./types";

const PAGE = 50;
/** Tries of what may be asked again, and the longest wait between two. */
const TRIES = 4;
const LONGEST_WAIT_SECONDS = 5;

/** Empty texts ask for nothing. */
export interface ListQuery {
  readonly search: string;
  readonly status: string;
  readonly topic: string;
  readonly sort: string;
}

export interface NewUpload {
  readonly filename: string;
  readonly content_type: string;
  readonly size_bytes: number;
}

export class Api {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** A page of a list. Rejects where it is aborted. */
  list(query: ListQuery, cursor: string | null, signal: AbortSignal): Promise<Answer<DocumentPage>> {
    const parameters = new URLSearchParams({ limit: String(PAGE) });
    for (const [name, value] of Object.entries({ ...query, cursor: cursor ?? "" })) {
      if (value !== "") parameters.set(name, value);
    }
    return this.#ask(`/api/documents?${parameters}`, { signal });
  }

  document(id: string): Promise<Answer<Doc>> {
    return this.#ask(`/api/documents/${encodeURIComponent(id)}`);
  }

  timeline(id: string): Promise<Answer<Timeline>> {
    return this.#ask(`/api/documents/${encodeURIComponent(id)}/timeline`);
  }

  quota(): Promise<Answer<Quota>> {
    return this.#ask("/api/auth/me/quota");
  }

  /** The same key asks for the same document, however often it is said. */
  uploadUrl(upload: NewUpload, key: string): Promise<Answer<UploadUrl>> {
    const body = { ...upload, bound: true };
    return this.#ask("/api/documents/upload-url", { method: "POST", body, headers: { "Idempotency-Key": key } });
  }

  /** Of up to 100 files, in the order in which they take up room; under a key as one is. */
  uploadUrls(uploads: readonly NewUpload[], key: string): Promise<Answer<UploadUrls>> {
    const body = { files: uploads.map((one) => ({ ...one, bound: true })) };
    return this.#ask("/api/documents/upload-urls", { method: "POST", body, headers: { "Idempotency-Key": key } });
  }

  signRequest(body: Readonly<Record<string, unknown>>): Promise<Answer<Signed>> {
    return this.#ask("/api/documents/sign-request", { method: "POST", body });
  }

  confirm(id: string): Promise<Answer<{ readonly used_bytes?: number; readonly status: string }>> {
    return this.#ask(`/api/documents/${id}/confirm`, { method: "POST" });
  }

  remove(id: string, keepalive = false): Promise<Answer<null>> {
    return keepalive
      ? this.#http.send(`/api/documents/${id}`, { method: "DELETE", keepalive })
      : this.#ask(`/api/documents/${id}`, { method: "DELETE" });
  }

  classify(id: string): Promise<Answer<unknown>> {
    return this.#http.send(`/api/documents/${id}/classify`, { method: "POST" });
  }

  correct(id: string, topicIds: readonly string[]): Promise<Answer<unknown>> {
    return this.#ask(`/api/documents/${id}/topics`, { method: "PUT", body: { topic_ids: topicIds } });
  }

  uncorrect(id: string): Promise<Answer<unknown>> {
    return this.#ask(`/api/documents/${id}/topics`, { method: "DELETE" });
  }

  topics(): Promise<Answer<{ readonly items: readonly Topic[] }>> {
    return this.#ask("/api/topics");
  }

  suggestions(): Promise<Answer<{ readonly items: readonly TopicSuggestion[] }>> {
    return this.#ask("/api/topics/suggestions");
  }

  addTopic(topic: TopicDraft): Promise<Answer<Topic>> {
    return this.#http.send("/api/topics", { method: "POST", body: topic });
  }

  changeTopic(id: string, topic: TopicDraft): Promise<Answer<Topic>> {
    return this.#ask(`/api/topics/${id}`, { method: "PATCH", body: topic });
  }

  removeTopic(id: string): Promise<Answer<null>> {
    return this.#ask(`/api/topics/${id}`, { method: "DELETE" });
  }

  settings(): Promise<Answer<Classification>> {
    return this.#ask("/api/auth/me/classification");
  }

  changeSettings(settings: ClassificationDraft): Promise<Answer<Classification>> {
    return this.#ask("/api/auth/me/classification", { method: "PUT", body: settings });
  }

  /** The presigned address of a document's bytes, where they are to be had. */
  download(id: string): Promise<Answer<{ readonly url: string }>> {
    return this.#ask(`/api/documents/${encodeURIComponent(id)}/download`, { headers: { Accept: "application/json" } });
  }

  /** What may be asked again without harm is, a few times, while nothing answers or all are busy. */
  async #ask<T>(path: string, call: Call = {}): Promise<Answer<T>> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#http.send<T>(path, call);
      if (answer.ok || attempt >= TRIES) return answer;
      const { failure } = answer;
      if (failure.kind === "busy") await pause(Math.min(failure.seconds || 0.2, LONGEST_WAIT_SECONDS));
      else if (failure.kind === "network" && navigator.onLine) await pause(0.3 * 2 ** attempt);
      else return answer;
    }
  }
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
