/** What is around every view: the head of the page, banners, and messages that come and go. */
import type { JSX } from "preact";
import type { Route } from "../router";
import { usePlace, useSelect } from "./context";
import { Detail } from "./Detail";
import { Documents } from "./Documents";
import { IconBrand, IconRetry, IconWarning } from "./icons";
import { NoticeList } from "./NoticeList";
import { Empty, Heading, ViewLink } from "./parts";
import { Settings } from "./Settings";
import { Topics } from "./Topics";

export function Shell(): JSX.Element {
  const { app, words, route } = usePlace();
  const online = useSelect((state) => state.online);
  return (
    <>
      <a class="skip" href="#main">
        {words.t("shell.skip")}
      </a>
      <header class="head">
        <div class="head-inside">
          <ViewLink to={{ view: "documents" }} class="brand">
            <IconBrand />
            <span>docuvault</span>
          </ViewLink>
          <nav class="views" aria-label={words.t("shell.views")}>
            <ViewLink to={{ view: "documents" }} current={route.view === "documents" || route.view === "document"}>
              {words.t("documents.title")}
            </ViewLink>
            <ViewLink to={{ view: "topics" }} current={route.view === "topics"}>
              {words.t("topics.title")}
            </ViewLink>
            <ViewLink to={{ view: "settings" }} current={route.view === "settings"}>
              {words.t("settings.title")}
            </ViewLink>
          </nav>
          <LiveSign />
          <button type="button" class="button ghost" onClick={() => app.signOut()}>
            {words.t("shell.signout")}
          </button>
        </div>
      </header>
      {!online && (
        <p class="banner offline" role="status">
          <IconWarning />
          {words.t("shell.offline")}
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <View route={route} />
      </main>
      <NoticeList />
    </>
  );
}

function View({ route }: { readonly route: Route }): JSX.Element {
  const { words } = usePlace();
  switch (route.view) {
    case "documents":
      return <Documents key="documents" />;
    case "document":
      return <Detail key={route.id} id={route.id} />;
    case "topics":
      return <Topics key="topics" />;
    case "settings":
      return <Settings key="settings" />;
    case "nowhere":
      return (
        <>
          <Heading>{words.t("nowhere.title")}</Heading>
          <Empty title={words.t("nowhere.hint")}>
            <ViewLink to={{ view: "documents" }}>{words.t("detail.back")}</ViewLink>
          </Empty>
        </>
      );
  }
}

/** Whether what is shown follows by itself. */
function LiveSign(): JSX.Element {
  const { app, words } = usePlace();
  const live = useSelect((state) => state.live);
  return (
    <p class={`live ${live}`} role="status">
      <span class="dot" />
      <span class="live-words">{words.t(`live.${live}`)}</span>
      {live === "off" && (
        <button type="button" class="button ghost" onClick={() => app.refresh()}>
          <IconRetry />
          {words.t("live.refresh")}
        </button>
      )}
    </p>
  );
}
