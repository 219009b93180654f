import { render } from "preact";
import { App } from "./app";
import { messagesOf, preferred } from "./messages";
import { storedSession } from "./session";
import { takeReturn } from "./signin/errand";
import { initialState } from "./state/model";
import { Store } from "./state/store";
import { chosenTheme, showTheme } from "./theme";
import { LANGUAGE_KEY, Page } from "./ui/Page";

/** How long the first picture waits to know how one signs in, so that it need not be another one right after. */
const PATIENCE_MS = 400;

async function start(): Promise<void> {
  const returned = takeReturn();
  showTheme(chosenTheme());
  const language = preferred(localStorage.getItem(LANGUAGE_KEY), navigator.languages);
  const store = new Store(initialState(storedSession(Date.now()), navigator.onLine));
  const app = new App(store);
  const known = Promise.race([app.start(returned), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  const messages = await messagesOf(language);
  await known;
  const page = document.getElementById("page");
  if (page !== null) render(<Page app={app} spoken={{ language, messages }} />, page);
}

void start();
