/** The first view: the quota, the place to drop files, what is on its way, and what is there. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Doc } from "../api/types";
import { EVERYTHING } from "../state/model";
import { queryOf, viewOf } from "../state/view";
import { useDrawn, usePlace, useSelect, useWords } from "./context";
import { DocumentRow } from "./DocumentRow";
import { DropZone } from "./DropZone";
import { Empty, Heading, Skeleton, Trouble } from "./parts";
import { QuotaBar } from "./QuotaBar";
import { Toolbar } from "./Toolbar";
import { Transfers } from "./Transfers";
import { Unfinished } from "./Unfinished";

export function Documents(): JSX.Element {
  const { t } = useWords();
  const some = useSelect((state) => state.documents.size > 0 || state.transfers.length > 0);
  return (
    <>
      <Heading>{t("documents.title")}</Heading>
      <QuotaBar />
      <DropZone small={some} />
      <Unfinished />
      <Transfers />
      <List />
    </>
  );
}

function List(): JSX.Element {
  const { app, words } = usePlace();
  const state = useSelect((whole) => whole);
  const row = useDrawn((one: Doc) => <DocumentRow key={one.id} document={one} />);
  const view = viewOf(state, words.language);
  const { listing, filter } = state;
  const filtered = filter.search !== "" || filter.status !== "" || filter.topic !== "";
  const beyond = filter.page > view.page && listing.cursor !== null;
  useEffect(() => {
    if (beyond) void app.lists.more();
  }, [app, beyond]);
  const refiltered = listing.query !== "" && listing.query !== queryOf(filter); // who types keeps the focus
  if (view.matches === 0 && !filtered && !refiltered) return <Nothing />;
  return (
    <section class="list" aria-label={words.t("documents.list")}>
      <Toolbar />
      {listing.state === "failed" && listing.failure !== null && (
        <Trouble failure={listing.failure} again={() => app.refresh()} />
      )}
      {view.items.length === 0 ? (
        listing.state === "loading" ? (
          <Skeleton rows={5} />
        ) : (
          <Empty title={words.t("documents.no_match")}>
            <button type="button" class="button" onClick={() => app.lists.filter(EVERYTHING)}>
              {words.t("documents.show_all")}
            </button>
          </Empty>
        )
      ) : (
        <ul class="rows" aria-busy={listing.state === "loading"}>
          {view.items.map(row)}
        </ul>
      )}
      <Pager matches={view.matches} page={view.page} pages={view.pages} />
    </section>
  );
}

/** No document to list, and no filter that hides one: none yet, or none known. */
function Nothing(): JSX.Element | null {
  const { app, words } = usePlace();
  const listing = useSelect((state) => state.listing);
  const busy = useSelect((state) => state.transfers.length > 0 || state.unfinished.length > 0);
  if (listing.failure !== null) return <Trouble failure={listing.failure} again={() => app.refresh()} />;
  if (busy) return null;
  if (listing.state !== "ready") return <Skeleton rows={5} />;
  return (
    <Empty title={words.t("documents.none")}>
      <p>{words.t("documents.none_hint")}</p>
    </Empty>
  );
}

function Pager(props: { readonly matches: number; readonly page: number; readonly pages: number }): JSX.Element {
  const { app, words } = usePlace();
  const cursor = useSelect((whole) => whole.listing.cursor);
  const more = cursor !== null;
  const to = (page: number) => {
    app.lists.filter({ page });
    document.querySelector(".list")?.scrollIntoView({ block: "start" });
  };
  return (
    <nav class="pager" aria-label={words.t("pager.title")}>
      <p class="quiet" role="status">
        {words.t(more ? "pager.count_more" : "pager.count", { n: props.matches })}
      </p>
      {(props.pages > 1 || more) && (
        <div class="pager-buttons">
          <button type="button" class="button" disabled={props.page === 0} onClick={() => to(props.page - 1)}>
            {words.t("pager.previous")}
          </button>
          <span class="numbers">
            {words.t(more ? "pager.page_of_more" : "pager.page", { page: props.page + 1, pages: props.pages })}
          </span>
          <button
            type="button"
            class="button"
            disabled={props.page + 1 >= props.pages && !more}
            onClick={() => to(props.page + 1)}
          >
            {words.t("pager.next")}
          </button>
        </div>
      )}
    </nav>
  );
}
