import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Api } from "../src/api/client";
import type { Answer } from "../src/api/failure";
import { Corrections } from "../src/corrections";
import { Notices } from "../src/notices";
import type { Action } from "../src/state/actions";
import { initialState } from "../src/state/model";
import { Store } from "../src/state/store";
import { chosenTopics } from "../src/state/wishes";
import { after, doc, SESSION } from "./facts";

const OK: Answer<unknown> = { ok: true, status: 200, body: null, headers: new Headers() };
const NO: Answer<unknown> = { ok: false, failure: { kind: "refused", status: 422, text: "no", field: "" } };

/** The document under these topics, as it was so many seconds after the minute. */
function filed(second: number, ...ids: readonly string[]) {
  const topics = ids.map((topic_id) => ({ topic_id, name: topic_id, score: 1, reason: "" }));
  return doc("d", { topics, updated_at: `2026-11-27T10:00:${String(second).padStart(2, "0")}Z` });
}
const seen = (second: number, ...ids: readonly string[]): Action => ({
  type: "document",
  document: filed(second, ...ids),
});
const wished = (number: number, topics: readonly string[] | null): Action => ({
  type: "wished",
  id: "d",
  wish: { topics, number },
});
const saved = (number: number): Action => ({ type: "wish-saved", id: "d", number });
const over = (number: number): Action => ({ type: "wish-over", id: "d", number });

function chosen(...actions: readonly Action[]) {
  const state = after(actions);
  const document = state.documents.get("d");
  return document === undefined ? null : chosenTopics(document, state.wishes.get("d"));
}

describe("what is shown as chosen", () => {
  test("is the wish, whatever else changes the document before it has come true", () => {
    expect(chosen(seen(1), wished(1, ["a"]), seen(2))).toEqual(["a"]);
    expect(chosen(seen(1), wished(1, ["a"]), seen(2, "b"))).toEqual(["a"]);
    expect(chosen(seen(1), wished(1, ["a"]), saved(1), seen(2, "b"))).toEqual(["a"]);
  });

  test("is the document's own again once it says what was wished, whoever tells first", () => {
    expect(chosen(seen(1), wished(1, ["a"]), saved(1), seen(2, "a"), seen(3, "b"))).toEqual(["b"]);
    expect(chosen(seen(1), wished(1, ["a"]), seen(2, "a"), saved(1), seen(3, "b"))).toEqual(["b"]);
    expect(chosen(seen(1), wished(1, ["a", "b"]), saved(1), seen(2, "b", "a"), seen(3))).toEqual([]);
  });

  test("is not the document's of before the wish, though it said the same", () => {
    const quick = [seen(1), wished(1, ["a"]), wished(2, []), saved(2)];
    expect(chosen(...quick, seen(2, "a"))).toEqual([]);
    expect(chosen(...quick, seen(2, "a"), seen(3), seen(4, "b"))).toEqual(["b"]);
  });

  test("stays the last wish of several, while the ones before it come true", () => {
    const wishes = [seen(1), wished(1, ["a"]), wished(2, []), wished(3, ["a"])];
    expect(chosen(...wishes, seen(2, "a"), seen(3))).toEqual(["a"]);
  });

  test("is the document's own once a wish has failed, unless another came since", () => {
    expect(chosen(seen(1, "b"), wished(1, ["a"]), over(1))).toEqual(["b"]);
    expect(chosen(seen(1, "b"), wished(1, ["a"]), wished(2, ["c"]), over(1))).toEqual(["c"]);
  });

  test("is the document's own where the classifier is to say", () => {
    expect(chosen(seen(1, "b"), wished(1, null))).toEqual(["b"]);
    expect(after([seen(1, "b"), wished(1, null), saved(1)]).wishes.size).toBe(0);
  });
});

test("a wish goes with its document", () => {
  const gone: Action = { type: "removed", removal: { id: "d", reason: "deleted" } };
  expect(after([seen(1), wished(1, ["a"]), gone]).wishes.size).toBe(0);
});

describe("a correction", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Corrections of document "d", and what they asked; `answer` answers each in turn. */
  function corrections(answer: (topics: readonly string[]) => Promise<Answer<unknown>>) {
    const store = new Store(initialState(SESSION, true));
    store.dispatch(seen(1));
    const said: (readonly string[])[] = [];
    let looked = 0;
    const api = {
      correct: (_: string, topics: readonly string[]) => {
        said.push(topics);
        return answer(topics);
      },
      document: () => {
        looked += 1;
        return Promise.resolve({ ...OK, body: filed(9, "theirs") });
      },
    };
    const them = new Corrections(api as unknown as Api, store, new Notices(store));
    return { store, said, them, looked: () => looked };
  }

  test("is said after the one before it, and those between are left out", async () => {
    const answers: ((answer: Answer<unknown>) => void)[] = [];
    const { said, them } = corrections(() => new Promise((resolve) => answers.push(resolve)));
    const first = them.wish("d", ["a"]);
    await vi.advanceTimersByTimeAsync(0);
    const others = [
      ["a", "b"],
      ["a", "b", "c"],
    ].map((topics) => them.wish("d", topics));
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toEqual([["a"]]);
    answers[0]?.(OK);
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toEqual([["a"], ["a", "b", "c"]]);
    answers[1]?.(OK);
    expect(await Promise.all([first, ...others])).toEqual([true, false, true]);
  });

  test("that failed is taken off the screen, with words", async () => {
    const { store, them } = corrections(() => Promise.resolve(NO));
    expect(await them.wish("d", ["a"])).toBe(false);
    expect(store.state.wishes.size).toBe(0);
    expect(store.state.notices.map((one) => one.text)).toEqual(["notice.not_corrected"]);
  });

  test("that somebody else overtook is not shown for ever", async () => {
    const { store, them, looked } = corrections(() => Promise.resolve(OK));
    await them.wish("d", ["a"]);
    expect(store.state.wishes.size).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.state.wishes.size).toBe(0);
    expect(store.state.documents.get("d")?.topics[0]?.name).toBe("theirs");
    expect(looked()).toBeGreaterThan(1);
  });

  test("whose document tells in time asks nothing more", async () => {
    const { store, them, looked } = corrections(() => Promise.resolve(OK));
    await them.wish("d", ["a"]);
    store.dispatch(seen(2, "a"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looked()).toBe(0);
  });
});
