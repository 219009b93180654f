/** The wait for the ledger's decision about bytes that were sent. The live stream may tell it first. */
import { type Api, pause } from "../api/client";
import type { Failure } from "../api/failure";
import type { Problem } from "../state/model";
import type { Store } from "../state/store";
import { online } from "./online";

const MOST_CONFIRMS = 20;

/** Asks until it is decided. Nothing is lost where it gives up: the store's own notification decides without anybody. */
export async function confirm(api: Api, store: Store, id: string, documentId: string): Promise<void> {
  for (let asked = 0; asked < MOST_CONFIRMS && isSettling(store, id); asked += 1) {
    const answer = await api.confirm(documentId);
    if (!isSettling(store, id)) return;
    if (answer.ok && answer.status === 200) {
      store.dispatch({ type: "settled", id });
      return look(api, store, documentId);
    }
    if (answer.ok) {
      await pause(Number(answer.headers.get("Retry-After") ?? 1) || 1);
    } else if (answer.failure.kind === "over_quota") {
      return store.dispatch({ type: "over-quota", id, detail: answer.failure.detail });
    } else {
      const problem = finalProblem(answer.failure);
      if (problem !== null) return store.dispatch({ type: "failed", id, problem });
      await Promise.all([online(), pause(1 + asked)]);
    }
  }
}

/** Where no stream tells what became of it, and of the account, they are asked once. */
async function look(api: Api, store: Store, documentId: string): Promise<void> {
  if (store.state.live === "live") return;
  const [document, quota] = await Promise.all([api.document(documentId), api.quota()]);
  if (document.ok) store.dispatch({ type: "document", document: document.body });
  if (quota.ok) store.dispatch({ type: "quota", quota: { state: "ready", value: quota.body } });
}

function isSettling(store: Store, id: string): boolean {
  return store.state.transfers.some((one) => one.id === id && one.stage === "settling");
}

/** Null for what may pass. */
function finalProblem(failure: Failure): Problem | null {
  switch (failure.kind) {
    case "unauthorized":
      return { kind: "session" };
    case "missing":
      return { kind: "gone" };
    case "refused":
      return { kind: "expired" };
    default:
      return null;
  }
}
