/** One document of the list. */
import type { JSX } from "preact";
import type { Doc } from "../api/types";
import { useNow, usePlace } from "./context";
import { IconDownload, IconFile, IconTrash } from "./icons";
import { Name, ViewLink } from "./parts";

export function DocumentRow({ document }: { readonly document: Doc }): JSX.Element {
  const { app, words } = usePlace();
  const now = useNow(30_000);
  const { filename: name } = document;
  const remove = (event: JSX.TargetedMouseEvent<HTMLButtonElement>) => {
    const row = event.currentTarget.closest("li");
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    const focused = next?.querySelector<HTMLElement>(".row-name") ?? window.document.getElementById("main");
    app.delete(document);
    focused?.focus({ preventScroll: true }); // the row goes, and would take the focus along
  };
  return (
    <li class="row" data-id={document.id} data-status={document.status}>
      <IconFile />
      <div class="row-main">
        <ViewLink to={{ view: "document", id: document.id }} class="row-name">
          <Name>{name}</Name>
        </ViewLink>
        <Filed document={document} />
      </div>
      <span class="row-size quiet numbers">
        {document.status === "pending" ? "" : words.bytes(document.size_bytes)}
      </span>
      <time class="row-age quiet" dateTime={document.created_at} title={words.time(document.created_at)}>
        {words.age(document.created_at, now)}
      </time>
      <div class="row-actions">
        <button
          type="button"
          class="button ghost icon-only"
          disabled={document.status === "pending"}
          onClick={() => void app.download(document)}
          aria-label={words.t("action.download_of", { name })}
        >
          <IconDownload />
        </button>
        <button
          type="button"
          class="button ghost icon-only"
          onClick={remove}
          aria-label={words.t("action.delete_of", { name })}
        >
          <IconTrash />
        </button>
      </div>
    </li>
  );
}

/** What it is filed under; where it is under nothing, how far it is or why. */
export function Filed({ document }: { readonly document: Doc }): JSX.Element {
  const { words } = usePlace();
  if (document.topics.length > 0) {
    return (
      <span class="chips">
        {document.topics.map((topic) => (
          <bdi class="chip" key={topic.topic_id}>
            {topic.name}
          </bdi>
        ))}
      </span>
    );
  }
  const over = document.status === "classification_failed" || document.status === "classified";
  const why = over ? document.reason : null;
  return (
    <span class={`row-status ${document.status}`}>
      <span class="dot" />
      {why === null ? words.t(`status.${document.status}`) : words.said(why)}
    </span>
  );
}
