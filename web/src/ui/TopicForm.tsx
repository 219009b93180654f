/** Makes a topic, or changes one. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../api/failure";
import type { Topic, TopicDraft } from "../api/types";
import { usePlace } from "./context";
import { Field, failureText } from "./parts";

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
      <Field label={words.t("topics.name")}>
        {(of) => (
          <input
            {...of}
            ref={first}
            value={name}
            required
            maxLength={100}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={words.t("topics.description")} hint={words.t("topics.description_hint")}>
        {(of) => (
          <textarea
            {...of}
            value={description}
            rows={2}
            maxLength={2000}
            onInput={(event) => setDescription(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={words.t("topics.keywords")} hint={words.t("topics.keywords_hint")}>
        {(of) => <input {...of} value={keywords} onInput={(event) => setKeywords(event.currentTarget.value)} />}
      </Field>
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
