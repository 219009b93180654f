/** Topics that documents under no topic would make, on request: finding them takes the server a moment. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Answer } from "../api/failure";
import type { TopicSuggestion } from "../api/types";
import { usePlace } from "./context";
import { Name, Skeleton, Trouble } from "./parts";
import { TopicForm } from "./TopicForm";

type Found = Answer<{ readonly items: readonly TopicSuggestion[] }>;

export function Suggestions(): JSX.Element {
  const { app, words } = usePlace();
  const [found, setFound] = useState<Found | "asking" | null>(null);
  const [taking, setTaking] = useState<TopicSuggestion | null>(null);
  const ask = async () => {
    setFound("asking");
    setFound(await app.api.suggestions());
  };
  const taken = () => {
    setTaking(null);
    if (found !== null && found !== "asking" && found.ok) void ask();
  };
  return (
    <section class="card suggestions" aria-labelledby="suggestions-title">
      <h2 id="suggestions-title">{words.t("suggestions.title")}</h2>
      <p class="quiet">{words.t("suggestions.lead")}</p>
      {found === "asking" && <Skeleton rows={2} />}
      {found !== null && found !== "asking" && !found.ok && (
        <Trouble failure={found.failure} again={() => void ask()} />
      )}
      {found !== null && found !== "asking" && found.ok && found.body.items.length === 0 && (
        <p>{words.t("suggestions.none")}</p>
      )}
      {found !== null && found !== "asking" && found.ok && (
        <ul class="suggestion-list">
          {found.body.items.map((one) => (
            <li key={one.document_ids[0]}>
              <div>
                <Name>{one.name}</Name>{" "}
                <span class="quiet">{words.t("suggestions.documents", { n: one.documents })}</span>
                <p class="quiet">
                  <bdi>{one.keywords.join(", ")}</bdi>
                </p>
              </div>
              <button
                type="button"
                class="button"
                onClick={() => setTaking(one)}
                aria-label={words.t("suggestions.take_of", { name: one.name })}
              >
                {words.t("suggestions.take")}
              </button>
            </li>
          ))}
        </ul>
      )}
      {taking !== null && (
        <TopicForm
          key={taking.document_ids[0]}
          topic={null}
          draft={{ name: taking.name, description: "", keywords: taking.keywords }}
          over={taken}
        />
      )}
      <button type="button" class="button" disabled={found === "asking"} onClick={() => void ask()}>
        {words.t("suggestions.ask")}
      </button>
    </section>
  );
}
