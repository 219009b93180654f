/** One document: what it is, what it is filed under and why, and what happened to it. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../api/failure";
import type { Doc } from "../api/types";
import { useNow, usePlace, useSelect } from "./context";
import { Filing } from "./Filing";
import { IconBack, IconDownload, IconTrash } from "./icons";
import { Empty, Heading, Name, Skeleton, Trouble, ViewLink } from "./parts";
import { TimelineOf } from "./Timeline";

export function Detail({ id }: { readonly id: string }): JSX.Element {
  const { app, words } = usePlace();
  const known = useSelect((state) => (state.leaving.has(id) ? undefined : state.documents.get(id)));
  const gone = useSelect((state) => state.removed.has(id) || state.leaving.has(id));
  const [failure, setFailure] = useState<Failure | null>(null);
  const asked = useRef(false);
  const unknown = known === undefined && !gone;
  const load = () => void app.loadDocument(id).then(setFailure);
  useEffect(() => {
    if (unknown || !asked.current) load(); // a list that is made afresh forgets what is not on its first page
    asked.current = true;
  }, [id, unknown]);
  return (
    <article class="detail">
      <ViewLink to={{ view: "documents" }} class="back">
        <IconBack />
        {words.t("detail.back")}
      </ViewLink>
      {known !== undefined ? (
        <Known document={known} />
      ) : gone || failure?.kind === "missing" ? (
        <>
          <Heading>{words.t("detail.missing")}</Heading>
          <Empty title={words.t("detail.missing_hint")} />
          {!gone && <TimelineOf id={id} version="missing" />}
        </>
      ) : failure !== null ? (
        <Trouble failure={failure} again={load} />
      ) : (
        <Skeleton rows={4} />
      )}
    </article>
  );
}

function Known({ document }: { readonly document: Doc }): JSX.Element {
  const { app, words, go } = usePlace();
  const now = useNow(30_000);
  const { filename: name } = document;
  const remove = () => {
    app.delete(document);
    go({ view: "documents" });
  };
  return (
    <>
      <header class="detail-head">
        <Heading>
          <Name>{name}</Name>
        </Heading>
        <div class="detail-actions">
          <button
            type="button"
            class="button primary"
            disabled={document.status === "pending"}
            onClick={() => void app.download(document)}
          >
            <IconDownload />
            {words.t("action.download")}
          </button>
          <button type="button" class="button" onClick={remove}>
            <IconTrash />
            {words.t("action.delete")}
          </button>
        </div>
      </header>
      <dl class="facts">
        <Fact name={words.t("detail.status")}>{words.t(`status.${document.status}`)}</Fact>
        <Fact name={words.t("detail.size")}>
          {document.status === "pending" ? "–" : words.bytes(document.size_bytes)}
        </Fact>
        <Fact name={words.t("detail.type")}>{document.content_type}</Fact>
        <Fact name={words.t("detail.added")}>
          <time dateTime={document.created_at} title={words.time(document.created_at)}>
            {words.age(document.created_at, now)}
          </time>
        </Fact>
      </dl>
      <Filing document={document} />
      <TimelineOf id={document.id} version={document.updated_at} />
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: JSX.Element | string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
