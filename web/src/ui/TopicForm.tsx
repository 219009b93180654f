/** Makes a topic, or changes one. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../api/failure";
import type { Topic, TopicDraft } from "../api/types";
import { usePlace } from "./context";
import { failureText } from "./parts";

export function TopicForm(props: {
  readonly topic: Topic | null;
  readonly draft?: TopicDraft;
  readonly over: () => void;
}): JSX.Element {
  const { app, words } = usePlace();
  const from = props.topic ?? props.draft ?? { name: "", description: "", keywords: [] };
  const [name, setName] = useState(from.name);
  const [description, setDescription] = useState(from.description);
  const [keywords, setKeywords] = useState(from.keywords.join(", "));
  const [failure, setFailure] = useState<Failure | null>(null);
  const [saving, setSaving] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const save = async (event: Event) => {
    event.preventDefault();
    setSaving(true);
    const words_ = keywords
      .split(/[,\n]/)
      .map((one) => one.trim())
      .filter(Boolean);
    const failed = await app.saveTopic(props.topic?.id ?? null, { name, description, keywords: words_ });
    setSaving(false);
    setFailure(failed);
    if (failed === null) props.over();
  };
  const leave = (event: KeyboardEvent) => {
    if (event.key === "Escape") props.over();
  };
  return (
    <form class="form" onSubmit={(event) => void save(event)} onKeyDown={leave}>
      <label class="field">
        <span>{words.t("topics.name")}</span>
        <input
          ref={first}
          value={name}
          required
          maxLength={100}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{words.t("topics.description")}</span>
        <textarea
          value={description}
          rows={2}
          maxLength={2000}
          aria-describedby="description-hint"
          onInput={(event) => setDescription(event.currentTarget.value)}
        />
        <small id="description-hint">{words.t("topics.description_hint")}</small>
      </label>
      <label class="field">
        <span>{words.t("topics.keywords")}</span>
        <input value={keywords} onInput={(event) => setKeywords(event.currentTarget.value)} />
        <small>{words.t("topics.keywords_hint")}</small>
      </label>
      {failure !== null && (
        <p class="wrong-words" role="alert">
          {failureText(words, failure)}
        </p>
      )}
      <div class="form-actions">
        <button type="submit" class="button primary" disabled={saving}>
          {words.t("action.save")}
        </button>
        <button type="button" class="button" onClick={props.over}>
          {words.t("action.cancel")}
        </button>
      </div>
    </form>
  );
}
