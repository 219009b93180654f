/** An access token is pasted. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { usePlace } from "./context";
import { failureText } from "./parts";

export function TokenForm(): JSX.Element {
  const { app, words } = usePlace();
  const [wrong, setWrong] = useState("");
  const [trying, setTrying] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const signIn = async (event: Event) => {
    event.preventDefault();
    setTrying(true);
    const problem = await app.signIn(field.current?.value ?? "");
    setTrying(false);
    if (problem === null) return;
    setWrong(typeof problem === "string" ? words.any(`signin.${problem}`) : failureText(words, problem));
    field.current?.focus();
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.isComposing) void signIn(event);
  };
  return (
    <form class="form" onSubmit={(event) => void signIn(event)}>
      <div class="field">
        <label for="token">{words.t("signin.token")}</label>
        <textarea
          id="token"
          ref={field}
          class="token"
          rows={4}
          required
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          aria-invalid={wrong !== ""}
          aria-describedby="token-hint token-wrong"
          onKeyDown={enter}
        />
        <small id="token-hint">{words.t("signin.hint")}</small>
      </div>
      <p id="token-wrong" class="wrong-words" role="alert">
        {wrong}
      </p>
      <button type="submit" class="button primary" disabled={trying}>
        {words.t("signin.enter")}
      </button>
    </form>
  );
}
