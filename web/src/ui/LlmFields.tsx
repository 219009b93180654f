/** A language model of the user's own: where it is, what it is called, and its key, which is never shown again. */
import type { JSX } from "preact";
import type { ClassificationDraft } from "../api/types";
import { useWords } from "./context";
import { Field } from "./parts";

type Llm = NonNullable<ClassificationDraft["llm"]>;

export function LlmFields(props: {
  readonly llm: Llm | null;
  readonly hasKey: boolean;
  readonly change: (llm: Llm) => void;
}): JSX.Element {
  const { t } = useWords();
  const llm = props.llm ?? { url: "", model: "", fall_back: true };
  const setKey = (key: string) => {
    const { key: _, ...rest } = llm;
    props.change(key === "" ? rest : { ...rest, key });
  };
  return (
    <fieldset>
      <legend>{t("llm.title")}</legend>
      <Field label={t("llm.url")}>
        {(of) => (
          <input
            {...of}
            type="url"
            required
            value={llm.url}
            onInput={(event) => props.change({ ...llm, url: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label={t("llm.model")}>
        {(of) => (
          <input
            {...of}
            required
            value={llm.model}
            onInput={(event) => props.change({ ...llm, model: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label={t("llm.key")}>
        {(of) => (
          <input
            {...of}
            type="password"
            autocomplete="off"
            value={llm.key ?? ""}
            placeholder={props.hasKey ? t("llm.key_kept") : ""}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        )}
      </Field>
      <label class="choice">
        <input
          type="checkbox"
          checked={llm.fall_back}
          onChange={(event) => props.change({ ...llm, fall_back: event.currentTarget.checked })}
        />
        <span>{t("llm.fall_back")}</span>
      </label>
    </fieldset>
  );
}
