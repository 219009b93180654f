/** What the account holds, what is on its way to it, and a warning before it is full. */
import type { JSX } from "preact";
import { inFlight } from "../state/transfers";
import { usePlace, useSelect, useWords } from "./context";
import { IconWarning } from "./icons";
import { Bar, Trouble } from "./parts";

const TIGHT = 0.8;
const FULL = 0.95;

export function QuotaBar(): JSX.Element {
  const words = useWords();
  const { app } = usePlace();
  const quota = useSelect((state) => state.quota);
  const own = useSelect((state) => inFlight(state.transfers));
  if (quota.state === "failed") return <Trouble failure={quota.failure} again={() => void app.loadQuota()} />;
  if (quota.state === "ready" && (quota.value === null || quota.value.limit_bytes === 0)) {
    return <p class="card quota warned full">{words.t("quota.none")}</p>;
  }
  const {
    used_bytes: used,
    limit_bytes: limit,
    in_flight_bytes: told = 0,
  } = quota.state === "ready" && quota.value !== null ? quota.value : { used_bytes: 0, limit_bytes: 0 };
  const flying = Math.max(own, told);
  const share = limit === 0 ? 0 : used / limit;
  const level = share >= FULL ? "full" : share >= TIGHT ? "tight" : "";
  const text = words.t("quota.used", { used: words.bytes(used), limit: words.bytes(limit) });
  return (
    <section
      class={`card quota ${quota.state === "loading" ? "unknown" : ""} ${level}`}
      aria-label={words.t("quota.title")}
    >
      <div class="quota-words">
        <p>
          <strong>{quota.state === "loading" ? words.t("state.loading") : text}</strong>
          {flying > 0 && <span class="quiet"> {words.t("quota.flying", { size: words.bytes(flying) })}</span>}
        </p>
        <p class="quiet">
          {quota.state === "ready" && words.t("quota.free", { size: words.bytes(Math.max(0, limit - used)) })}
        </p>
      </div>
      <Bar
        label={words.t("quota.title")}
        share={share}
        more={limit === 0 ? 0 : flying / limit}
        text={text}
        level={level}
      />
      <p class="quota-warning" role="status">
        {warning(words, level, share, used + flying > limit && flying > 0)}
      </p>
    </section>
  );
}

function warning(
  words: ReturnType<typeof useWords>,
  level: string,
  share: number,
  overbooked: boolean,
): JSX.Element | null {
  if (level === "" && !overbooked) return null;
  const key = level === "full" ? "quota.full" : level === "tight" ? "quota.tight" : "quota.overbooked";
  return (
    <>
      <IconWarning />
      {words.t(key, { share: words.share(share) })}
    </>
  );
}
