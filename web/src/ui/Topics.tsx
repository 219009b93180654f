/** The topics that documents are filed under: made, changed and deleted, and those that the documents suggest. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Topic } from "../api/types";
import { usePlace, useSelect, useWords } from "./context";
import { IconTrash } from "./icons";
import { Empty, Heading, Name, Skeleton, Trouble } from "./parts";
import { Suggestions } from "./Suggestions";
import { TopicForm } from "./TopicForm";

export function Topics(): JSX.Element {
  const { app } = usePlace();
  const { t } = useWords();
  const topics = useSelect((state) => state.topics);
  const [open, setOpen] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Heading>{t("topics.title")}</Heading>
      <p class="lead">{t("topics.lead")}</p>
      {topics.state === "failed" && <Trouble failure={topics.failure} again={() => void app.loadTopics()} />}
      {topics.state === "loading" && <Skeleton rows={4} />}
      {topics.state === "ready" && topics.value.length === 0 && !adding && <Empty title={t("topics.none")} />}
      {topics.state === "ready" && topics.value.length > 0 && (
        <ul class="topic-list">
          {topics.value.map((topic) => (
            <li key={topic.id} class="card topic">
              {open === topic.id ? (
                <TopicForm topic={topic} over={() => setOpen(null)} />
              ) : (
                <TopicCard topic={topic} edit={() => setOpen(topic.id)} />
              )}
            </li>
          ))}
        </ul>
      )}
      {topics.state === "ready" &&
        (adding ? (
          <div class="card topic">
            <TopicForm topic={null} over={() => setAdding(false)} />
          </div>
        ) : (
          <button type="button" class="button primary" onClick={() => setAdding(true)}>
            {t("topics.add")}
          </button>
        ))}
      <Suggestions />
    </>
  );
}

function TopicCard({ topic, edit }: { readonly topic: Topic; readonly edit: () => void }): JSX.Element {
  const { app, words } = usePlace();
  const [sure, setSure] = useState(false);
  const { name } = topic;
  return (
    <>
      <div class="topic-head">
        <h2>
          <Name>{name}</Name>
        </h2>
        <div class="topic-actions">
          <button type="button" class="button" onClick={edit} aria-label={words.t("topics.edit_of", { name })}>
            {words.t("action.edit")}
          </button>
          {sure ? (
            <>
              <button type="button" class="button danger" onClick={() => void app.removeTopic(topic.id)}>
                {words.t("topics.delete_sure")}
              </button>
              <button type="button" class="button" onClick={() => setSure(false)}>
                {words.t("action.keep")}
              </button>
            </>
          ) : (
            <button
              type="button"
              class="button ghost icon-only"
              onClick={() => setSure(true)}
              aria-label={words.t("action.delete_of", { name })}
            >
              <IconTrash />
            </button>
          )}
        </div>
      </div>
      <p class={topic.description === "" ? "quiet" : ""}>
        {topic.description === "" ? words.t("topics.no_description") : topic.description}
      </p>
      {topic.keywords.length > 0 && (
        <p class="chips">
          {topic.keywords.map((word) => (
            <bdi class="chip plain" key={word}>
              {word}
            </bdi>
          ))}
        </p>
      )}
      {topic.examples > 0 && <p class="quiet">{words.t("topics.examples", { n: topic.examples })}</p>}
    </>
  );
}
