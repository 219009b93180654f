import { describe, expect, test } from "vitest";
import type { Doc } from "../src/api/types";
import type { Action, ListPart } from "../src/state/actions";
import { EVERYTHING, type Filter, initialState, type Sort, type State } from "../src/state/model";
import { reduce } from "../src/state/reduce";
import { queryOf, viewOf } from "../src/state/view";
import { doc, SESSION, after as stateAfter, transferred } from "./facts";

/** The answer to a list: of the filter nobody has changed, and all there is, unless it is said otherwise. */
function listed(
  items: readonly Doc[],
  part: ListPart = "afresh",
  more: Partial<Filter> & { readonly cursor?: string } = {},
): Action {
  const { cursor = null, ...filter } = more;
  const query = queryOf({ ...EVERYTHING, ...filter });
  return { type: "listed", page: { items, next_cursor: cursor }, query, part };
}
const shown = (state: State) => viewOf(state, "en").items.map((one) => one.id);

test("an answer that is older than what the stream told changes nothing back", () => {
  const newer = doc("a", { status: "classified", updated_at: "2026-11-27T10:00:09Z" });
  const state = stateAfter([{ type: "document", document: newer }, listed([doc("a")])]);
  expect(state.documents.get("a")).toEqual(newer);
});

test("what was removed does not come back with a list that was asked for before", () => {
  const state = stateAfter([
    listed([doc("a"), doc("b")]),
    { type: "removed", removal: { id: "a", reason: "deleted" } },
    listed([doc("a"), doc("b")]),
    { type: "document", document: doc("a") },
  ]);
  expect([...state.documents.keys()]).toEqual(["b"]);
});

test("a list that is made anew forgets what is not on it, another page of it does not", () => {
  const first = stateAfter([listed([doc("a")])]);
  expect([...stateAfter([listed([doc("b")], "more")], first).documents.keys()]).toEqual(["a", "b"]);
  expect([...stateAfter([listed([doc("b")])], first).documents.keys()]).toEqual(["b"]);
});

test("one that is about to be deleted is not shown, and is again when that is undone", () => {
  const before = stateAfter([listed([doc("a")])]);
  const leaving = stateAfter([{ type: "leaving", id: "a" }], before);
  expect(viewOf(leaving, "en").items).toHaveLength(0);
  expect(viewOf(stateAfter([{ type: "stays", id: "a" }], leaving), "en").items).toHaveLength(1);
});

test("a pending one is shown once: among the transfers, where it is one", () => {
  const pending = { type: "document", document: doc("d", { status: "pending" }) } as const;
  expect(viewOf(transferred(pending), "en").items).toHaveLength(0);
  expect(viewOf(stateAfter([pending]), "en").items).toHaveLength(1);
});

describe("a search", () => {
  const names = { a: "Résumé 2026.pdf", b: "Hotel.pdf", c: "Straße.pdf", d: "ΟΔΟΣ.pdf" };
  const state = stateAfter([listed(Object.entries(names).map(([id, filename]) => doc(id, { filename })))]);
  const found = (search: string) => shown(reduce(state, { type: "filter", change: { search } }));

  test("shows at once what is known to fit: all words in the name, without case and accents, as the server has it", () => {
    expect(found("RESUME 26")).toEqual(["a"]);
    expect(found("strasse")).toEqual(["c"]);
    expect(found("οδος")).toEqual(["d"]);
    expect(found("hotel 2026")).toEqual([]);
  });

  test("shows what the server found, whatever we would have, once it has answered", () => {
    const search = "hotels";
    const answered = stateAfter(
      [{ type: "filter", change: { search } }, listed([doc("b")], "first", { search })],
      state,
    );
    expect(shown(answered)).toEqual(["b"]);
    expect(shown(reduce(answered, { type: "filter", change: { search: "other" } }))).toEqual([]);
  });

  test("takes in what comes by the stream and fits", () => {
    const search = "bill";
    const answered = stateAfter([{ type: "filter", change: { search } }, listed([], "first", { search })], state);
    const bill = doc("e", { filename: "Bill.pdf" });
    expect(shown(stateAfter([{ type: "document", document: bill }], answered))).toEqual(["e"]);
  });

  test("forgets nothing that is known; a list that is made afresh does", () => {
    const search = "hotel";
    const another = stateAfter(
      [{ type: "filter", change: { search } }, listed([doc("b")], "first", { search })],
      state,
    );
    expect(another.documents.size).toBe(4);
    expect(stateAfter([listed([doc("b")], "afresh", { search })], another).documents.size).toBe(1);
  });
});

describe("orders", () => {
  const items = [
    doc("a", { filename: "scan 10.pdf" }),
    doc("b", { filename: "Scan 9.pdf" }),
    doc("c", { filename: "b.pdf", size_bytes: 9 }),
  ];
  const order = (sort: Sort, cursor?: string) => {
    const more = cursor === undefined ? { sort } : { sort, cursor };
    return shown(stateAfter([{ type: "filter", change: { sort } }, listed(items, "first", more)])).join("");
  };

  test("are total, and those of the server", () => {
    expect(order("newest")).toBe("cba");
    expect(order("oldest")).toBe("abc");
    expect(order("largest")).toBe("bac");
    expect(order("name", "there is more")).toBe("cab");
  });

  test("are those of people who count, for names that are all known", () => {
    expect(order("name")).toBe("cba");
  });
});

describe("while there is more than is loaded", () => {
  const at = (id: string, minute: number, more: Partial<Doc> = {}) =>
    doc(id, { created_at: `2026-11-27T10:${String(minute).padStart(2, "0")}:00Z`, ...more });
  const first = stateAfter([listed([at("e", 50), at("d", 40)], "first", { cursor: "more" })]);
  const told = (document: Doc): Action => ({ type: "document", document });

  test("what is heard of beyond the last is not shown among what is not known", () => {
    expect(shown(stateAfter([told(at("f", 55)), told(at("b", 20)), told(at("dd", 45))], first))).toEqual([
      "f",
      "e",
      "dd",
      "d",
    ]);
  });

  test("it has its place once the list has come that far", () => {
    const further = stateAfter([told(at("b", 20)), listed([at("c", 30)], "more", { cursor: "still more" })], first);
    expect(shown(further)).toEqual(["e", "d", "c"]);
    expect(shown(stateAfter([listed([at("b", 20)], "more")], further))).toEqual(["e", "d", "c", "b"]);
  });

  test("what does not fit the filter any more goes, though it was listed", () => {
    const status = "uploaded";
    const filtered = stateAfter([
      { type: "filter", change: { status } },
      listed([at("e", 50), at("d", 40)], "first", { status, cursor: "more" }),
    ]);
    const classified = at("d", 40, { status: "classified", updated_at: "2026-11-27T11:00:00Z" });
    expect(shown(stateAfter([told(classified)], filtered))).toEqual(["e"]);
  });
});

test("what the stream told while a list was on its way is not forgotten with it", () => {
  const state = stateAfter([
    listed([doc("a")]),
    { type: "listing" },
    { type: "document", document: doc("b") },
    listed([doc("c")]),
  ]);
  expect([...state.documents.keys()].toSorted()).toEqual(["b", "c"]);
});

test("a page beyond the last is the last, and a new search begins at the first", () => {
  const items = Array.from({ length: 60 }, (_, index) => doc(`n${String(index).padStart(2, "0")}`));
  const state = stateAfter([listed(items), { type: "filter", change: { page: 9 } }]);
  expect(viewOf(state, "en")).toMatchObject({ page: 2, pages: 3, matches: 60 });
  expect(reduce(state, { type: "filter", change: { search: "n1" } }).filter.page).toBe(0);
});

test("whose session ended finds the page as it was; anybody else finds nothing of theirs", () => {
  const before = stateAfter([listed([doc("a")]), { type: "signed-out", ended: true }]);
  expect(before.session).toBeNull();
  expect(reduce(before, { type: "signed-in", session: SESSION }).documents.size).toBe(1);
  const other = reduce(before, { type: "signed-in", session: { ...SESSION, user: "bob" } });
  expect(other).toMatchObject({ transfers: [], lastUser: "bob" });
  expect(other.documents.size).toBe(0);
});

test("who signs out leaves nothing behind", () => {
  const before = stateAfter([listed([doc("a")]), { type: "signed-out", ended: false }]);
  expect(before).toEqual({ ...initialState(null, true) });
});

test("another token changes nothing but the token, and brings nobody back who signed out", () => {
  const before = stateAfter([listed([doc("a")])]);
  const session = { ...SESSION, token: "next", provided: true };
  expect(reduce(before, { type: "renewed", session })).toEqual({ ...before, session });
  const out = reduce(before, { type: "signed-out", ended: false });
  expect(reduce(out, { type: "renewed", session })).toBe(out);
});

test("the door that one came in by is the one that is shown after signing out, without what went wrong at it", () => {
  const door = { kind: "provider", host: "id.example" } as const;
  const problem = { text: "signin.denied", values: {} };
  const shown = stateAfter([{ type: "door", door, problem }]);
  expect(shown).toMatchObject({ door, doorProblem: problem });
  expect(reduce(shown, { type: "signed-out", ended: false })).toMatchObject({ door, doorProblem: null });
  expect(reduce(shown, { type: "signed-out", ended: true })).toMatchObject({ door, doorProblem: null });
  expect(reduce(shown, { type: "signed-in", session: SESSION })).toMatchObject({ door, doorProblem: null });
});
