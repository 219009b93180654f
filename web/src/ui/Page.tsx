/** The whole page: which language, which view, and whether anybody is signed in. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { App } from "../app";
import { type Language, type Messages, messagesOf } from "../messages";
import { pathOf, type Route, routeOf } from "../router";
import { isOver } from "../state/transfers";
import { type Place, PlaceContext, useSelect, wordsOf } from "./context";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

export const LANGUAGE_KEY = "docuvault.language";

interface Spoken {
  readonly language: Language;
  readonly messages: Messages;
}

export function Page({ app, spoken: first }: { readonly app: App; readonly spoken: Spoken }): JSX.Element {
  const [spoken, setSpoken] = useState(first);
  const [route, go] = useRoute();
  const words = useMemo(() => wordsOf(spoken.language, spoken.messages, navigator.languages), [spoken]);
  const place: Place = {
    app,
    words,
    route,
    go,
    setLanguage: (language) => {
      localStorage.setItem(LANGUAGE_KEY, language);
      void messagesOf(language).then((messages) => setSpoken({ language, messages }));
    },
  };
  useEffect(() => {
    document.documentElement.lang = spoken.language;
  }, [spoken.language]);
  return (
    <PlaceContext.Provider value={place}>
      <Inside />
    </PlaceContext.Provider>
  );
}

function Inside(): JSX.Element {
  const signedIn = useSelect((state) => state.session !== null);
  useLeavingWarning(useSelect((state) => state.transfers.some((one) => !isOver(one) && one.stage !== "filing")));
  return signedIn ? <Shell /> : <SignIn />;
}

function useRoute(): [Route, (route: Route) => void] {
  const [route, setRoute] = useState(() => routeOf(location.pathname));
  useEffect(() => {
    const back = () => show(routeOf(location.pathname), setRoute);
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const go = (next: Route) => {
    history.pushState(null, "", pathOf(next));
    scrollTo(0, 0);
    show(next, setRoute);
  };
  return [route, go];
}

/** From the second view on, its heading is given the focus. */
function show(route: Route, set: (route: Route) => void): void {
  document.body.dataset["moved"] = "yes";
  set(route);
}

/** The browser asks before it drops files that are on their way. */
function useLeavingWarning(on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [on]);
}
