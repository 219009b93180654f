/** How documents are classified, and how the page looks and speaks. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../api/failure";
import type { Classification, ClassificationDraft, Mode } from "../api/types";
import { LANGUAGES, type Language } from "../messages";
import { chooseTheme, chosenTheme, THEMES, type Theme } from "../theme";
import { usePlace, useSelect } from "./context";
import { LlmFields } from "./LlmFields";
import { Field, failureText, Heading, Skeleton, Trouble } from "./parts";

const MODES: readonly Mode[] = ["embedding", "keywords", "llm", "off"];

export function Settings(): JSX.Element {
  const { app, words } = usePlace();
  const settings = useSelect((state) => state.settings);
  return (
    <>
      <Heading>{words.t("settings.title")}</Heading>
      {settings.state === "failed" && <Trouble failure={settings.failure} again={() => void app.loadSettings()} />}
      {settings.state === "loading" && <Skeleton rows={4} />}
      {settings.state === "ready" && <ClassificationForm settings={settings.value} />}
      <Looks />
    </>
  );
}

function ClassificationForm({ settings }: { readonly settings: Classification }): JSX.Element {
  const { app, words } = usePlace();
  const [draft, setDraft] = useState<ClassificationDraft>(() => draftOf(settings));
  const [failure, setFailure] = useState<Failure | null>(null);
  const [saving, setSaving] = useState(false);
  const change = (part: Partial<ClassificationDraft>) => setDraft({ ...draft, ...part });
  const save = async (event: Event) => {
    event.preventDefault();
    setSaving(true);
    const failed = await app.saveSettings(draft.mode === "llm" ? draft : { ...draft, llm: filled(draft.llm) });
    setSaving(false);
    setFailure(failed);
    if (failed === null) app.notices.plain("notice.saved", {});
  };
  return (
    <form class="card form" onSubmit={(event) => void save(event)}>
      <fieldset>
        <legend>{words.t("settings.mode")}</legend>
        {MODES.map((mode) => (
          <label key={mode} class="choice">
            <input
              type="radio"
              name="mode"
              value={mode}
              checked={draft.mode === mode}
              onChange={() => change({ mode })}
            />
            <span>
              <strong>{words.t(`mode.${mode}`)}</strong>
              <small>{words.t(`mode.${mode}_hint`)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {draft.mode === "llm" && (
        <LlmFields llm={draft.llm} hasKey={settings.llm?.has_key ?? false} change={(llm) => change({ llm })} />
      )}
      {draft.mode !== "off" && <Thresholds draft={draft} change={change} />}
      {failure !== null && (
        <p class="wrong-words" role="alert">
          {failureText(words, failure)}
        </p>
      )}
      <div class="form-actions">
        <button type="submit" class="button primary" disabled={saving}>
          {words.t("action.save")}
        </button>
      </div>
    </form>
  );
}

function Thresholds(props: {
  readonly draft: ClassificationDraft;
  readonly change: (part: Partial<ClassificationDraft>) => void;
}): JSX.Element {
  const { words } = usePlace();
  const { draft, change } = props;
  return (
    <>
      <Field
        label={words.t("settings.threshold", { share: words.share(draft.threshold) })}
        hint={words.t("settings.threshold_hint")}
      >
        {(of) => (
          <input
            {...of}
            type="range"
            min={0}
            max={1}
            step={0.01}
            value={draft.threshold}
            aria-valuetext={words.share(draft.threshold)}
            onInput={(event) => change({ threshold: Number(event.currentTarget.value) })}
          />
        )}
      </Field>
      <Field label={words.t("settings.most_topics")} narrow>
        {(of) => (
          <input
            {...of}
            type="number"
            min={1}
            max={20}
            required
            value={draft.most_topics}
            onInput={(event) => change({ most_topics: Number(event.currentTarget.value) })}
          />
        )}
      </Field>
    </>
  );
}

function Looks(): JSX.Element {
  const { words, setLanguage } = usePlace();
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  return (
    <section class="card form" aria-labelledby="looks-title">
      <h2 id="looks-title">{words.t("settings.looks")}</h2>
      <Field label={words.t("settings.language")} narrow>
        {(of) => (
          <select
            {...of}
            value={words.language}
            onChange={(event) => setLanguage(event.currentTarget.value as Language)}
          >
            {Object.entries(LANGUAGES).map(([language, name]) => (
              <option key={language} value={language} lang={language}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={words.t("settings.theme")} narrow>
        {(of) => (
          <select
            {...of}
            value={theme}
            onChange={(event) => {
              const chosen = event.currentTarget.value as Theme;
              chooseTheme(chosen);
              setTheme(chosen);
            }}
          >
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {words.t(`theme.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </section>
  );
}

function draftOf({ mode, threshold, most_topics, llm }: Classification): ClassificationDraft {
  return { mode, threshold, most_topics, llm: llm && { url: llm.url, model: llm.model, fall_back: llm.fall_back } };
}

/** A model that was only half described is none. */
function filled(llm: ClassificationDraft["llm"]): ClassificationDraft["llm"] {
  return llm !== null && llm.url !== "" && llm.model !== "" ? llm : null;
}
