import { expect, test } from "vitest";
import { initialState } from "../src/state/model";
import { reduce } from "../src/state/reduce";
import { viewOf } from "../src/state/view";
import { after, doc, SESSION, transferred } from "./facts";

const page = (...items: readonly ReturnType<typeof doc>[]) => ({ items, next_cursor: null });

test("an answer that is older than what the stream told changes nothing back", () => {
  const newer = doc("a", { status: "classified", updated_at: "2026-11-27T10:00:09Z" });
  const state = after([
    { type: "document", document: newer },
    { type: "listed", page: page(doc("a")), anew: true },
  ]);
  expect(state.documents.get("a")).toEqual(newer);
});

test("what was removed does not come back with a list that was asked for before", () => {
  const state = after([
    { type: "listed", page: page(doc("a"), doc("b")), anew: true },
    { type: "removed", removal: { id: "a", reason: "deleted" } },
    { type: "listed", page: page(doc("a"), doc("b")), anew: true },
    { type: "document", document: doc("a") },
  ]);
  expect([...state.documents.keys()]).toEqual(["b"]);
});

test("a list that is made anew forgets what is not on it, another page of it does not", () => {
  const first = after([{ type: "listed", page: page(doc("a")), anew: true }]);
  expect([...after([{ type: "listed", page: page(doc("b")), anew: false }], first).documents.keys()]).toEqual([
    "a",
    "b",
  ]);
  expect([...after([{ type: "listed", page: page(doc("b")), anew: true }], first).documents.keys()]).toEqual(["b"]);
});

test("one that is about to be deleted is not shown, and is again when that is undone", () => {
  const listed = after([{ type: "listed", page: page(doc("a")), anew: true }]);
  const leaving = after([{ type: "leaving", id: "a" }], listed);
  expect(viewOf(leaving, "en").items).toHaveLength(0);
  expect(viewOf(after([{ type: "stays", id: "a" }], leaving), "en").items).toHaveLength(1);
});

test("a pending one is shown once: among the transfers, where it is one", () => {
  const pending = { type: "document", document: doc("d", { status: "pending" }) } as const;
  expect(viewOf(transferred(pending), "en").items).toHaveLength(0);
  expect(viewOf(after([pending]), "en").items).toHaveLength(1);
});

test("search finds all words, in names and topics, without case and accents", () => {
  const topics = [{ topic_id: "t", name: "Reisen", score: 1, reason: "" }];
  const items = [doc("a", { filename: "Résumé 2026.pdf" }), doc("b", { filename: "Hotel.pdf", topics })];
  const state = after([{ type: "listed", page: page(...items), anew: true }]);
  const found = (search: string) =>
    viewOf(reduce(state, { type: "filter", change: { search } }), "en").items.map((one) => one.id);
  expect(found("RESUME 26")).toEqual(["a"]);
  expect(found("reisen hotel")).toEqual(["b"]);
  expect(found("hotel 2026")).toEqual([]);
});

test("orders are total, and names are ordered as people count", () => {
  const items = [
    doc("a", { filename: "scan 10.pdf" }),
    doc("b", { filename: "Scan 9.pdf" }),
    doc("c", { filename: "b.pdf", size_bytes: 9 }),
  ];
  const state = after([{ type: "listed", page: page(...items), anew: true }]);
  const order = (sort: "name" | "newest" | "oldest" | "largest") =>
    viewOf(reduce(state, { type: "filter", change: { sort } }), "en")
      .items.map((one) => one.id)
      .join("");
  expect(order("name")).toBe("cba");
  expect(order("newest")).toBe("cba");
  expect(order("oldest")).toBe("abc");
  expect(order("largest")).toBe("bac");
});

test("a page beyond the last is the last, and a new search begins at the first", () => {
  const items = Array.from({ length: 60 }, (_, index) => doc(`n${String(index).padStart(2, "0")}`));
  const state = after([
    { type: "listed", page: page(...items), anew: true },
    { type: "filter", change: { page: 9 } },
  ]);
  expect(viewOf(state, "en")).toMatchObject({ page: 2, pages: 3, matches: 60 });
  expect(reduce(state, { type: "filter", change: { search: "n1" } }).filter.page).toBe(0);
});

test("whose session ended finds the page as it was; anybody else finds nothing of theirs", () => {
  const listed = after([
    { type: "listed", page: page(doc("a")), anew: true },
    { type: "signed-out", ended: true },
  ]);
  expect(listed.session).toBeNull();
  expect(reduce(listed, { type: "signed-in", session: SESSION }).documents.size).toBe(1);
  const other = reduce(listed, { type: "signed-in", session: { ...SESSION, user: "bob" } });
  expect(other).toMatchObject({ transfers: [], lastUser: "bob" });
  expect(other.documents.size).toBe(0);
});

test("who signs out leaves nothing behind", () => {
  const listed = after([
    { type: "listed", page: page(doc("a")), anew: true },
    { type: "signed-out", ended: false },
  ]);
  expect(listed).toEqual({ ...initialState(null, true) });
});

test("another token changes nothing but the token, and brings nobody back who signed out", () => {
  const before = after([{ type: "listed", page: page(doc("a")), anew: true }]);
  const session = { ...SESSION, token: "next", provided: true };
  expect(reduce(before, { type: "renewed", session })).toEqual({ ...before, session });
  const out = reduce(before, { type: "signed-out", ended: false });
  expect(reduce(out, { type: "renewed", session })).toBe(out);
});

test("the door that one came in by is the one that is shown after signing out, without what went wrong at it", () => {
  const door = { kind: "provider", host: "id.example" } as const;
  const problem = { text: "signin.denied", values: {} };
  const shown = after([{ type: "door", door, problem }]);
  expect(shown).toMatchObject({ door, doorProblem: problem });
  expect(reduce(shown, { type: "signed-out", ended: false })).toMatchObject({ door, doorProblem: null });
  expect(reduce(shown, { type: "signed-out", ended: true })).toMatchObject({ door, doorProblem: null });
  expect(reduce(shown, { type: "signed-in", session: SESSION })).toMatchObject({ door, doorProblem: null });
});
