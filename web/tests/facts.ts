/** Examples that tests start from. */
import type { Doc } from "../src/api/types";
import type { Action } from "../src/state/actions";
import { initialState, type State } from "../src/state/model";
import { reduce } from "../src/state/reduce";

export const SESSION = { token: "t.o.k", user: "ann", expires: null, provided: false, renewable: false };

export function doc(id: string, more: Partial<Doc> = {}): Doc {
  return {
    id,
    filename: `${id}.pdf`,
    content_type: "application/pdf",
    size_bytes: 100,
    status: "uploaded",
    topics: [],
    created_at: "2026-11-27T10:00:00Z",
    updated_at: "2026-11-27T10:00:01Z",
    reason: null,
    ...more,
  };
}

export function after(actions: readonly Action[], from: State = initialState(SESSION, true)): State {
  return actions.reduce(reduce, from);
}

/** One file "a" of 1,000 bytes with document "d", and what happened to it then. */
export function transferred(...actions: readonly Action[]): State {
  return after([
    { type: "added", files: [{ id: "a", name: "a.pdf", folder: "", size: 1000 }] },
    { type: "signed", id: "a", documentId: "d" },
    ...actions,
  ]);
}
