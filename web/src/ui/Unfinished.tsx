/** Big uploads of before the page was loaded anew: the browser let go of the files, their parts are still in the store. */
import type { JSX } from "preact";
import { usePlace, useSelect, useWords } from "./context";
import { Name } from "./parts";

export function Unfinished(): JSX.Element | null {
  const { app } = usePlace();
  const words = useWords();
  const files = useSelect((state) => state.unfinished);
  if (files.length === 0) return null;
  return (
    <section class="card unfinished" aria-label={words.t("unfinished.title")}>
      <h2>{words.t("unfinished.title")}</h2>
      <p>{words.t("unfinished.how")}</p>
      <ul>
        {files.map((one) => (
          <li key={one.documentId}>
            <Name>{one.name}</Name> <span class="quiet numbers">{words.bytes(one.size)}</span>
            <button
              type="button"
              class="button ghost"
              onClick={() => app.withUploader((uploader) => uploader.discard(one.documentId))}
              aria-label={words.t("unfinished.discard_of", { name: one.name })}
            >
              {words.t("unfinished.discard")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
