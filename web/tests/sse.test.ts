import { describe, expect, test } from "vitest";
import { type ServerEvent, SseParser } from "../src/api/sse";

function parsed(...chunks: readonly string[]): readonly ServerEvent[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(chunk).events);
}

describe("a stream of events", () => {
  test("has a name, an id and data, of one line or many", () => {
    expect(parsed("id: 3.17\nevent: document\ndata: {\ndata: }\n\n")).toEqual([
      { event: "document", data: "{\n}", id: "3.17" },
    ]);
  });

  test("is the same however it is cut", () => {
    const text =
      '\ufeffretry: 1000\r\n: heartbeat\r\nid: 0.1\r\nevent: quota\r\ndata: {"used_bytes":1}\r\n\r\ndata:x\rdata: y\r\r';
    const whole = parsed(text);
    expect(whole.map((one) => one.data)).toEqual(['{"used_bytes":1}', "x\ny"]);
    for (let cut = 0; cut <= text.length; cut += 1) expect(parsed(text.slice(0, cut), text.slice(cut))).toEqual(whole);
    expect(parsed(...text)).toEqual(whole);
  });

  test("yields nothing for comments and for events without data", () => {
    expect(parsed(": still here\n\nevent: nothing\n\n")).toEqual([]);
  });

  test("keeps its last id, which an event without one does not change", () => {
    const parser = new SseParser("0.4");
    expect(parser.push("data: a\n\n").events).toEqual([{ event: "message", data: "a", id: "0.4" }]);
    expect(parser.push("id: 0.5\n\n").id).toBe("0.5");
    expect(parser.push("id: 0.\0\ndata: b\n\n").id).toBe("0.5");
  });

  test("says how long to wait before coming back, in digits alone", () => {
    const parser = new SseParser();
    expect(parser.push("retry: soon\n").retry).toBeNull();
    expect(parser.push("retry: 1000\n").retry).toBe(1000);
  });

  test("takes one space after the colon away, and no more", () => {
    expect(parsed("data:  two\ndata\n\n")[0]?.data).toBe(" two\n");
  });
});
