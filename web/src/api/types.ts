/** The bodies of the HTTP API, as contracts/generated/openapi.json has them. Sizes are bytes, times RFC 3339. */

export type DocumentStatus = "pending" | "uploaded" | "classified" | "classification_failed";

export interface DocumentTopic {
  readonly topic_id: string;
  readonly name: string;
  readonly score: number;
  readonly reason: string;
}

export interface Doc {
  readonly id: string;
  readonly filename: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly status: DocumentStatus;
  readonly topics: readonly DocumentTopic[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly reason: string | null;
  readonly declared_bytes?: number | null;
}

export interface DocumentPage {
  readonly items: readonly Doc[];
  readonly next_cursor: string | null;
}

export interface Quota {
  readonly used_bytes: number;
  readonly limit_bytes: number;
  /** Declared by uploads that are not decided yet; only the live stream tells. */
  readonly in_flight_bytes?: number;
}

export interface QuotaExceeded {
  readonly used_bytes: number;
  readonly limit_bytes: number;
  readonly rejected_bytes: number;
  readonly over_by_bytes?: number;
}

export interface UploadUrl {
  readonly upload_url: string;
  readonly document_id: string;
  readonly expires_at: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Each file is in one of the two, under its place in the request. */
export interface UploadUrls {
  readonly uploads: readonly (UploadUrl & { readonly index: number })[];
  readonly refused: readonly { readonly index: number; readonly reason: string; readonly detail: QuotaExceeded }[];
}

/** The answer of sign-request: what Uppy's signRequest returns, and whose document it is. */
export interface Signed {
  readonly url: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly document_id?: string;
}

export interface TimelineStep {
  readonly at: string;
  readonly what: string;
  readonly source: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Timeline {
  readonly id: string;
  readonly status: string;
  readonly steps: readonly TimelineStep[];
  readonly waits_for: { readonly what: string; readonly since: string; readonly for_a_person: string } | null;
}

export interface Topic {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly examples: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TopicDraft {
  readonly name: string;
  readonly description: string;
  readonly keywords: readonly string[];
}

export interface TopicSuggestion {
  readonly name: string;
  readonly keywords: readonly string[];
  readonly documents: number;
  readonly document_ids: readonly string[];
}

export type Mode = "embedding" | "keywords" | "llm" | "off";

export interface Classification {
  readonly mode: Mode;
  readonly threshold: number;
  readonly most_topics: number;
  readonly llm: {
    readonly url: string;
    readonly model: string;
    readonly fall_back: boolean;
    readonly has_key: boolean;
  } | null;
}

export interface ClassificationDraft {
  readonly mode: Mode;
  readonly threshold: number;
  readonly most_topics: number;
  /** An absent key leaves the stored one as it is. */
  readonly llm: {
    readonly url: string;
    readonly model: string;
    readonly fall_back: boolean;
    readonly key?: string;
  } | null;
}

/** Why a document went, as the live stream tells it. */
export interface Removal {
  readonly id: string;
  readonly reason: "deleted" | "rejected" | "abandoned";
  readonly filename?: string;
  readonly detail?: QuotaExceeded;
}
