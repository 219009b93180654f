/** Server-Sent Events out of a stream's text, as the HTML standard parses them. Pure but for its own buffer. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id the stream has told, "" before the first. */
  readonly id: string;
}

export interface ParsedChunk {
  readonly events: readonly ServerEvent[];
  /** The stream's last id, which an empty event may set, too. */
  readonly id: string;
  /** Milliseconds to wait before a new connection, where the stream told. */
  readonly retry: number | null;
}

/** Takes the stream chunk by chunk, wherever they are cut; comments are heartbeats and yield nothing. */
export class SseParser {
  #rest = "";
  #data: string[] = [];
  #event = "";
  #id: string;
  #retry: number | null = null;
  #afterReturn = false;
  #fresh = true;

  constructor(lastId = "") {
    this.#id = lastId;
  }

  push(chunk: string): ParsedChunk {
    const events: ServerEvent[] = [];
    for (const line of this.#lines(chunk)) {
      const event = this.#take(line);
      if (event !== null) events.push(event);
    }
    return { events, id: this.#id, retry: this.#retry };
  }

  /** The whole lines so far; they end in CR, LF or both, and both may be cut apart. */
  #lines(chunk: string): string[] {
    let text = this.#rest + chunk;
    if (this.#fresh && text !== "") {
      text = text.replace(/^\ufeff/, "");
      this.#fresh = false;
    }
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    if (text !== "") this.#afterReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  #take(line: string): ServerEvent | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
    return null;
  }

  #dispatch(): ServerEvent | null {
    const told = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const empty = this.#data.length === 0;
    this.#data = [];
    this.#event = "";
    return empty ? null : told;
  }
}
