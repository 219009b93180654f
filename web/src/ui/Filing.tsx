/** What a document is filed under, how sure that is and why; a click puts it right. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Doc, DocumentTopic } from "../api/types";
import { chosenTopics } from "../state/wishes";
import { usePlace, useSelect } from "./context";
import { Bar, Name, ViewLink } from "./parts";

export function Filing({ document }: { readonly document: Doc }): JSX.Element {
  const { app, words } = usePlace();
  return (
    <section class="card filing" aria-labelledby="filing-title">
      <h2 id="filing-title">{words.t("filing.title")}</h2>
      {document.topics.length === 0 ? (
        <p class="quiet">
          {document.reason === null ? words.t(`filing.none_${document.status}`) : words.said(document.reason)}
        </p>
      ) : (
        <ul class="filed">
          {document.topics.map((topic) => (
            <FiledUnder key={topic.topic_id} topic={topic} />
          ))}
        </ul>
      )}
      <Correction document={document} />
      {document.status !== "pending" && (
        <div class="filing-actions">
          <button type="button" class="button" onClick={() => void app.classify(document.id)}>
            {words.t("filing.again")}
          </button>
        </div>
      )}
    </section>
  );
}

function FiledUnder({ topic }: { readonly topic: DocumentTopic }): JSX.Element {
  const { words } = usePlace();
  const sure = words.t("filing.sure", { share: words.share(topic.score) });
  return (
    <li>
      <div class="filed-head">
        <Name>{topic.name}</Name>
        <span class="quiet numbers">{sure}</span>
      </div>
      <Bar label={words.t("filing.score_of", { name: topic.name })} share={topic.score} text={sure} />
      {topic.reason !== "" && <bdi class="quiet reason">{topic.reason}</bdi>}
    </li>
  );
}

/** All topics as switches. A switch is a correction at once; until the document says so, it is shown as wished. */
function Correction({ document }: { readonly document: Doc }): JSX.Element | null {
  const { app, words } = usePlace();
  const topics = useSelect((state) => state.topics);
  const wish = useSelect((state) => state.wishes.get(document.id));
  const [corrected, setCorrected] = useState(false);
  if (topics.state !== "ready" || document.status === "pending") return null;
  if (topics.value.length === 0) {
    return (
      <p>
        <ViewLink to={{ view: "topics" }}>{words.t("filing.make_topics")}</ViewLink>
      </p>
    );
  }
  const chosen = chosenTopics(document, wish);
  const file = async (ids: readonly string[] | null) => {
    if (await app.corrections.wish(document.id, ids)) setCorrected(ids !== null);
  };
  const toggle = (id: string) => void file(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <fieldset class="correction">
      <legend>{words.t("filing.correct")}</legend>
      <div class="chips">
        {topics.value.map((topic) => (
          <label key={topic.id} class={`chip toggle ${chosen.includes(topic.id) ? "on" : ""}`}>
            <input type="checkbox" checked={chosen.includes(topic.id)} onChange={() => toggle(topic.id)} />
            <bdi>{topic.name}</bdi>
          </label>
        ))}
      </div>
      {corrected && (
        <p class="corrected" role="status">
          {words.t("filing.corrected")}{" "}
          <button type="button" class="button link" onClick={() => void file(null)}>
            {words.t("filing.uncorrect")}
          </button>
        </p>
      )}
    </fieldset>
  );
}
