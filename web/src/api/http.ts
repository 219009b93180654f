/** One request to our own origin, with the token in its header, and its answer as a value. */
import { type Answer, failureOf } from "./failure";

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Outlives the page that sends it. */
  readonly keepalive?: boolean;
}

/** What became of a session whose token was refused: it goes on, it is over, or nobody can tell now. */
export type Renewed = "renewed" | "ended" | "unknown";

export class Http {
  readonly #token: () => string;
  readonly #unauthorized: () => Promise<Renewed>;

  /** `unauthorized` is told of each 401 to the token of now, and may bring about another one. */
  constructor(token: () => string, unauthorized: () => Promise<Renewed>) {
    this.#token = token;
    this.#unauthorized = unauthorized;
  }

  get token(): string {
    return this.#token();
  }

  /** With another token once more, where there is one. */
  async send<T>(path: string, call: Call = {}): Promise<Answer<T>> {
    const token = this.#token();
    const answer = await this.#once<T>(path, call);
    if (answer.ok || answer.failure.kind !== "unauthorized") return answer;
    const renewed = await this.renewed(token);
    if (renewed === "renewed") return this.#once(path, call);
    return renewed === "unknown" ? { ok: false, failure: { kind: "busy", seconds: 2 } } : answer;
  }

  /** What became of the session, of which `token` was refused. */
  async renewed(token: string): Promise<Renewed> {
    if (token === this.#token()) return this.#unauthorized();
    return this.#token() === "" ? "ended" : "renewed";
  }

  async #once<T>(path: string, call: Call): Promise<Answer<T>> {
    const response = await this.open(path, call);
    if (response === null) return { ok: false, failure: { kind: "network" } };
    const body = await bodyOf(response);
    if (response.ok) return { ok: true, status: response.status, body: body as T, headers: response.headers };
    return { ok: false, failure: failureOf(response.status, body, response.headers.get("Retry-After")) };
  }

  /** The bare response, or null where nothing answered. An abort is thrown, as fetch does. */
  async open(path: string, call: Call = {}): Promise<Response | null> {
    const { method = "GET", body, signal = null, keepalive = false } = call;
    const headers = { ...call.headers, Authorization: `Bearer ${this.#token()}` };
    try {
      return await fetch(path, {
        method,
        signal,
        keepalive,
        cache: "no-store",
        headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      return null;
    }
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null; // 204, or what a proxy on the way says
  }
}
