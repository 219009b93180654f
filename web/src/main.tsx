import { render } from "preact";
import { App } from "./app";
import { messagesOf, preferred } from "./messages";
import { storedSession } from "./session";
import { initialState } from "./state/model";
import { Store } from "./state/store";
import { chosenTheme, showTheme } from "./theme";
import { LANGUAGE_KEY, Page } from "./ui/Page";

async function start(): Promise<void> {
  showTheme(chosenTheme());
  const language = preferred(localStorage.getItem(LANGUAGE_KEY), navigator.languages);
  const store = new Store(initialState(storedSession(Date.now()), navigator.onLine));
  const app = new App(store);
  app.start();
  const messages = await messagesOf(language);
  const page = document.getElementById("page");
  if (page !== null) render(<Page app={app} spoken={{ language, messages }} />, page);
}

void start();
