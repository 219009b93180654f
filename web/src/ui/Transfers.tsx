/** The files that are on their way, and those that came to an end since. */
import type { JSX } from "preact";
import { secondsLeft, speed } from "../pace";
import type { Transfer } from "../state/model";
import { isOver, isStored } from "../state/transfers";
import { performanceNow, useDrawn, useNow, usePlace, useSelect, useWords } from "./context";
import { TransferRow } from "./TransferRow";

/** More are counted, not drawn. */
const MOST_SHOWN = 60;
const URGENCY = { failed: 0, refused: 0, sending: 1, settling: 2, waiting: 3, filing: 4, unfiled: 5, done: 6 } as const;

export function Transfers(): JSX.Element | null {
  const { app } = usePlace();
  const { t } = useWords();
  const all = useSelect((state) => state.transfers);
  const leaving = useSelect((state) => state.leaving);
  const row = useDrawn((one: Transfer) => <TransferRow key={one.id} transfer={one} />);
  const transfers = all.filter((one) => one.documentId === null || !leaving.has(one.documentId));
  if (transfers.length === 0) return null;
  const shown = mostUrgent(transfers);
  return (
    <section class="card transfers" aria-label={t("transfers.title")}>
      <header class="transfers-head">
        <h2>{t("transfers.title")}</h2>
        <Summary transfers={transfers} />
        {transfers.some(isOver) && (
          <button type="button" class="button ghost" onClick={() => app.store.dispatch({ type: "tidied" })}>
            {t("transfers.tidy")}
          </button>
        )}
      </header>
      <ul class="transfer-list">{shown.map(row)}</ul>
      {transfers.length > shown.length && (
        <p class="quiet more">{t("transfers.more", { n: transfers.length - shown.length })}</p>
      )}
    </section>
  );
}

/** Said aloud when another file came to an end, not with every byte. */
function Summary({ transfers }: { readonly transfers: readonly Transfer[] }): JSX.Element {
  const words = useWords();
  const now = useNow(1_000, performanceNow);
  const sending = transfers.filter((one) => one.stage === "sending" || one.stage === "waiting");
  const paces = sending.map((one) => speed(one.pace, now) ?? 0);
  const total = paces.reduce((sum, one) => sum + one, 0);
  const left = sending.reduce((sum, one) => sum + one.size - one.sent, 0);
  const refused = transfers.filter((one) => one.stage === "refused" || one.stage === "failed").length;
  const done = transfers.filter((one) => isStored(one.stage)).length;
  return (
    <p class="summary">
      <span role="status">
        {words.t("transfers.done", { done, n: transfers.length })}
        {refused > 0 && ` · ${words.t("transfers.refused", { n: refused })}`}
      </span>
      {sending.length > 1 && total > 0 && (
        <span class="quiet numbers">
          {" · "}
          {words.t("transfer.pace", { speed: words.bytes(total), left: words.seconds(left / total) })}
        </span>
      )}
    </p>
  );
}

function mostUrgent(transfers: readonly Transfer[]): readonly Transfer[] {
  if (transfers.length <= MOST_SHOWN) return transfers;
  return transfers.toSorted((a, b) => URGENCY[a.stage] - URGENCY[b.stage]).slice(0, MOST_SHOWN);
}

/** How fast it goes and how long it takes, once that can be told. */
export function paceText(words: ReturnType<typeof useWords>, one: Transfer, now: number): string {
  const pacePerSecond = speed(one.pace, now);
  if (pacePerSecond === 0) return words.t("transfer.stalled");
  const left = secondsLeft(one.pace, one.size, now);
  if (pacePerSecond === null || left === null) return "";
  return words.t("transfer.pace", { speed: words.bytes(pacePerSecond), left: words.seconds(left) });
}
