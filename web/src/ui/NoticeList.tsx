/** Short messages at the foot of the page, some with a way back. */
import type { JSX } from "preact";
import { usePlace, useSelect } from "./context";
import { IconClose } from "./icons";

export function NoticeList(): JSX.Element {
  const { app, words } = usePlace();
  const notices = useSelect((state) => state.notices);
  const hold = () => app.notices.hold(true);
  const release = () => app.notices.hold(false);
  return (
    <section
      class="notices"
      aria-label={words.t("notice.title")}
      aria-live="polite"
      onMouseEnter={hold}
      onMouseLeave={release}
      onFocusCapture={hold}
      onBlurCapture={release}
    >
      {notices.map((one) => (
        <div key={one.id} class={`notice ${one.kind}`}>
          <p>{words.any(one.text, one.values)}</p>
          {one.kind === "undo" && one.documentId !== null && (
            <button type="button" class="button" onClick={() => app.undoDelete(one.documentId ?? "")}>
              {words.t("action.undo")}
            </button>
          )}
          <button
            type="button"
            class="button ghost icon-only"
            onClick={() => app.notices.dismiss(one.id)}
            aria-label={words.t("action.dismiss")}
          >
            <IconClose />
          </button>
        </div>
      ))}
    </section>
  );
}
