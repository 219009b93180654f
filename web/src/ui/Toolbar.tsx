/** What of the documents is shown, and in which order. */
import type { JSX } from "preact";
import type { Sort } from "../state/model";
import { MOST_SEARCHED } from "../state/view";
import { usePlace, useSelect, useWords } from "./context";
import { IconSearch } from "./icons";

const STATUSES = ["uploaded", "classified", "classification_failed", "pending"] as const;
const SORTS: readonly Sort[] = ["newest", "oldest", "name", "largest"];

export function Toolbar(): JSX.Element {
  const { app } = usePlace();
  const { t } = useWords();
  const filter = useSelect((state) => state.filter);
  const topics = useSelect((state) => state.topics);
  return (
    <search class="toolbar">
      <div class="search-field">
        <IconSearch />
        <input
          type="search"
          aria-label={t("toolbar.search")}
          value={filter.search}
          maxLength={MOST_SEARCHED}
          placeholder={t("toolbar.search")}
          onInput={(event) => app.lists.filter({ search: event.currentTarget.value })}
        />
      </div>
      <select
        aria-label={t("toolbar.topic")}
        value={filter.topic}
        onChange={(event) => app.lists.filter({ topic: event.currentTarget.value })}
      >
        <option value="">{t("toolbar.any_topic")}</option>
        {topics.state === "ready" &&
          topics.value.map((topic) => (
            <option key={topic.id} value={topic.id}>
              {topic.name}
            </option>
          ))}
      </select>
      <select
        aria-label={t("toolbar.status")}
        value={filter.status}
        onChange={(event) => app.lists.filter({ status: event.currentTarget.value })}
      >
        <option value="">{t("toolbar.any_status")}</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {t(`status.${status}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t("toolbar.sort")}
        value={filter.sort}
        onChange={(event) => app.lists.filter({ sort: event.currentTarget.value as Sort })}
      >
        {SORTS.map((sort) => (
          <option key={sort} value={sort}>
            {t(`sort.${sort}`)}
          </option>
        ))}
      </select>
    </search>
  );
}
