/** The live stream: opens it, opens it again whenever it ends, and tells what comes. */
import { isRecord } from "./failure";
import type { Http } from "./http";
import { type ServerEvent, SseParser } from "./sse";

export type LiveState = "connecting" | "live" | "waiting" | "off";

export interface Listener {
  /** How the stream is. `off`: this server has none. */
  state(state: LiveState): void;
  /** An event; `resumed` tells whether the stream went on where the last one had ended. */
  event(event: ServerEvent, resumed: boolean): void;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 20_000;
const FIRST_HEARTBEAT_SECONDS = 15;
/** Silent for so many heartbeats, a stream is dead, whatever the network says. */
const HEARTBEATS = 2.5;

export class Live {
  readonly #http: Http;
  readonly #listener: Listener;
  #stopped = new AbortController();
  #connection: AbortController | null = null;
  #wake: (() => void) | null = null;
  #lastId = "";
  #retryMs = FIRST_RETRY_MS;
  #heartbeatMs = FIRST_HEARTBEAT_SECONDS * 1000;
  #lastHeard = 0;

  constructor(http: Http, listener: Listener) {
    this.#http = http;
    this.#listener = listener;
  }

  start(): void {
    this.stop();
    this.#stopped = new AbortController();
    this.#lastId = "";
    void this.#run(this.#stopped.signal);
  }

  stop(): void {
    this.#stopped.abort();
    this.#connection?.abort();
    this.#wake?.();
  }

  /** The machine is online again, or the page is looked at again: does not wait for the next try, nor trust silence. */
  nudge(): void {
    this.#wake?.();
    if (performance.now() - this.#lastHeard > this.#heartbeatMs * HEARTBEATS) this.#connection?.abort();
  }

  async #run(stopped: AbortSignal): Promise<void> {
    for (let failures = 0; !stopped.aborted; ) {
      this.#listener.state("connecting");
      const outcome = await this.#connect(stopped);
      if (stopped.aborted) return;
      if (outcome === "off" || outcome === "unauthorized") return this.#listener.state("off");
      failures = outcome === "heard" ? 0 : failures + 1;
      this.#listener.state("waiting");
      await this.#sleep(Math.min(this.#retryMs * 2 ** failures, LONGEST_RETRY_MS) * (0.5 + Math.random() / 2));
    }
  }

  async #connect(stopped: AbortSignal): Promise<"off" | "unauthorized" | "heard" | "silent"> {
    const connection = new AbortController();
    const token = this.#http.token;
    this.#connection = connection;
    stopped.addEventListener("abort", () => connection.abort(), { once: true });
    try {
      const headers = {
        Accept: "text/event-stream",
        ...(this.#lastId === "" ? {} : { "Last-Event-ID": this.#lastId }),
      };
      const response = await this.#http.open("/api/events", { headers, signal: connection.signal });
      if (response?.status === 404) return "off";
      if (response?.status === 401) return (await this.#http.renewed(token)) === "ended" ? "unauthorized" : "silent";
      if (!response?.ok || response.body === null) return "silent";
      return await this.#read(response.body, connection);
    } catch {
      return "silent"; // it was cut off, by the network or by ourselves
    }
  }

  async #read(body: ReadableStream<Uint8Array>, connection: AbortController): Promise<"heard" | "silent"> {
    const parser = new SseParser(this.#lastId);
    const resumed = this.#lastId !== "";
    const reader = body
      .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
      .getReader();
    let heard: "heard" | "silent" = "silent";
    const watchdog = setInterval(() => this.#watch(connection), 1_000);
    this.#lastHeard = performance.now();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return heard;
        this.#lastHeard = performance.now();
        const chunk = parser.push(value);
        this.#lastId = chunk.id;
        this.#retryMs = chunk.retry ?? this.#retryMs;
        if (heard === "silent") this.#listener.state("live");
        heard = "heard";
        for (const event of chunk.events) this.#tell(event, resumed);
      }
    } catch {
      return heard;
    } finally {
      clearInterval(watchdog);
    }
  }

  #tell(event: ServerEvent, resumed: boolean): void {
    if (event.event === "hello") {
      const hello = parseData(event.data);
      const seconds = isRecord(hello) ? Number(hello["heartbeat_seconds"]) : Number.NaN;
      if (seconds > 0) this.#heartbeatMs = seconds * 1000;
    }
    this.#listener.event(event, resumed);
  }

  #watch(connection: AbortController): void {
    if (performance.now() - this.#lastHeard > this.#heartbeatMs * HEARTBEATS) connection.abort();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The JSON of an event's data, or null. */
export function parseData(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
