/** The door: one signs in by a provider, where there is one, or by an access token. */
import type { JSX } from "preact";
import { LANGUAGES, type Language } from "../messages";
import { usePlace, useSelect } from "./context";
import { IconBrand } from "./icons";
import { Heading } from "./parts";
import { TokenForm } from "./TokenForm";

export function SignIn(): JSX.Element {
  const { words, setLanguage } = usePlace();
  const ended = useSelect((state) => state.ended);
  const door = useSelect((state) => state.door);
  return (
    <main class="signin" id="main">
      <div class="card">
        <IconBrand />
        <Heading>{words.t("signin.title")}</Heading>
        <p class="lead">{words.t("signin.lead")}</p>
        {ended && (
          <p class="banner" role="status">
            {words.t(door.kind === "provider" ? "signin.ended_provided" : "signin.ended")}
          </p>
        )}
        {door.kind === "provider" ? (
          <ByProvider host={door.host} />
        ) : door.kind === "token" ? (
          <TokenForm />
        ) : (
          <p role="status">{words.t("signin.moment")}</p>
        )}
        <p class="languages">
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <button
              key={language}
              type="button"
              class="button link"
              lang={language}
              aria-pressed={words.language === language}
              onClick={() => setLanguage(language as Language)}
            >
              {name}
            </button>
          ))}
        </p>
      </div>
    </main>
  );
}

/** `host` is the provider's, "" while nobody knows it. */
function ByProvider({ host }: { readonly host: string }): JSX.Element {
  const { app, words } = usePlace();
  const problem = useSelect((state) => state.doorProblem);
  return (
    <>
      <p class="wrong-words" role="alert">
        {problem !== null && words.any(problem.text, problem.values)}
      </p>
      <button type="button" class="button primary" onClick={() => void app.entrance.go()}>
        {host === "" ? words.t("signin.enter") : words.t("signin.provider", { host })}
      </button>
      <details>
        <summary>{words.t("signin.with_token")}</summary>
        <TokenForm />
      </details>
    </>
  );
}
