import { describe, expect, test } from "vitest";
import type { Action } from "../src/state/actions";
import { inFlight } from "../src/state/transfers";
import { doc, transferred } from "./facts";

const NUMBERS = { used_bytes: 50, limit_bytes: 100, rejected_bytes: 1000, over_by_bytes: 950 };
const progress = (bytes: number, at = 0): Action => ({ type: "progress", at, sent: new Map([["a", bytes]]) });
const SENT: Action = { type: "sent", id: "a" };
const SETTLED: Action = { type: "settled", id: "a" };
const uploaded: Action = { type: "document", document: doc("d") };
const classified: Action = {
  type: "document",
  document: doc("d", { status: "classified", updated_at: "2026-11-27T10:00:09Z" }),
};
const rejected: Action = { type: "removed", removal: { id: "d", reason: "rejected", detail: NUMBERS } };

function stage(...actions: readonly Action[]) {
  return transferred(...actions).transfers[0]?.stage;
}

describe("a file goes through three steps", () => {
  test("sent, paid for, filed", () => {
    expect(stage()).toBe("waiting");
    expect(stage(progress(10))).toBe("sending");
    expect(stage(progress(1000), SENT)).toBe("settling");
    expect(stage(SENT, SETTLED)).toBe("filing");
    expect(stage(SENT, SETTLED, classified)).toBe("done");
  });

  test("one that could not be classified is stored, and not filed; it may be yet", () => {
    const failed: Action = { type: "document", document: doc("d", { status: "classification_failed" }) };
    expect(stage(SENT, SETTLED, failed)).toBe("unfiled");
    expect(stage(SENT, failed, SETTLED)).toBe("unfiled");
    expect(stage(SENT, SETTLED, failed, classified)).toBe("done");
    expect(transferred(SENT, SETTLED, failed, { type: "tidied" }).transfers).toEqual([]);
  });

  test("whoever tells first: the stream may be ahead of the confirm", () => {
    expect(stage(SENT, uploaded)).toBe("filing");
    expect(stage(SENT, classified, SETTLED)).toBe("done");
    expect(stage(progress(500), classified)).toBe("done");
  });

  test("what comes late moves nothing back", () => {
    expect(stage(SENT, SETTLED, progress(10))).toBe("filing");
    expect(stage(SENT, SETTLED, SENT)).toBe("filing");
    expect(stage(SENT, SETTLED, classified, { type: "failed", id: "a", problem: { kind: "network" } })).toBe("done");
  });
});

describe("a refusal", () => {
  test("keeps its numbers, by whichever way it came", () => {
    for (const told of [rejected, { type: "over-quota", id: "a", detail: NUMBERS } as const]) {
      const one = transferred(SENT, told).transfers[0];
      expect(one?.stage).toBe("refused");
      expect(one?.refusal).toEqual(NUMBERS);
    }
  });

  test("stays one when the document is shown once more", () => {
    expect(stage(SENT, rejected, uploaded)).toBe("refused");
    expect(stage(SENT, { type: "over-quota", id: "a", detail: NUMBERS }, uploaded)).toBe("refused");
  });

  test("is forgotten with another try", () => {
    const one = transferred(SENT, rejected, { type: "again", id: "a" }).transfers[0];
    expect(one).toMatchObject({ stage: "waiting", refusal: null, documentId: null, sent: 0 });
  });
});

test("a document that was deleted ends its transfer, or takes it along where that was done", () => {
  const deleted: Action = { type: "removed", removal: { id: "d", reason: "deleted" } };
  expect(stage(progress(10), deleted)).toBe("failed");
  expect(transferred(SENT, SETTLED, classified, deleted).transfers).toEqual([]);
});

test("one that is held waits, and says for what", () => {
  const held = transferred(progress(10), { type: "held", id: "a", problem: { kind: "network" } });
  expect(held.transfers[0]).toMatchObject({ stage: "waiting", problem: { kind: "network" } });
});

test("progress never exceeds the size, nor speaks of files that are not there", () => {
  expect(transferred(progress(5000)).transfers[0]?.sent).toBe(1000);
  const before = transferred(SENT);
  expect(transferred(SENT, { type: "progress", at: 0, sent: new Map([["b", 1]]) }).transfers).toEqual(before.transfers);
});

test("in flight is what is not decided about", () => {
  expect(inFlight(transferred(progress(10)).transfers)).toBe(1000);
  expect(inFlight(transferred(SENT).transfers)).toBe(1000);
  expect(inFlight(transferred(SENT, SETTLED).transfers)).toBe(0);
  expect(inFlight(transferred(SENT, rejected).transfers)).toBe(0);
});

test("tidying takes away what came to an end", () => {
  expect(transferred(SENT, { type: "tidied" }).transfers).toHaveLength(1);
  expect(transferred(SENT, rejected, { type: "tidied" }).transfers).toHaveLength(0);
});
