/** Small parts that all views are made of. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Failure } from "../api/failure";
import type { Route } from "../router";
import { useLink, useWords } from "./context";
import { IconRetry, IconWarning } from "./icons";

/** A link to a view of this page. */
export function ViewLink(props: {
  readonly to: Route;
  readonly class?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const link = useLink(props.to);
  return (
    <a {...link} class={props.class} aria-current={props.current ? "page" : undefined}>
      {props.children}
    </a>
  );
}

/** A view's heading, which is given the focus when the view is entered, so that a screen reader says where one is. */
export function Heading({
  children,
  focus = true,
}: {
  readonly children: ComponentChildren;
  readonly focus?: boolean;
}): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus && document.body.dataset["moved"] === "yes") heading.current?.focus({ preventScroll: true });
  }, [focus]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** Text from outside, by itself: its direction turns nothing else around. */
export function Name({ children }: { readonly children: string }): JSX.Element {
  return <bdi class="name">{children}</bdi>;
}

/** How much of something there is, drawn; the words beside it say it. `parts` are shares of one. */
export function Bar(props: {
  readonly label: string;
  readonly share: number;
  readonly more?: number;
  readonly text: string;
  readonly level?: string;
}): JSX.Element {
  const share = bounded(props.share);
  return (
    <div
      class={`bar ${props.level ?? ""}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={props.text}
    >
      <div class="bar-fill" style={{ inlineSize: `${share * 100}%` }} />
      {props.more !== undefined && props.more > 0 && (
        <div class="bar-more" style={{ inlineSize: `${bounded(Math.min(props.more, 1 - share)) * 100}%` }} />
      )}
    </div>
  );
}

function bounded(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}

export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

export function Trouble(props: { readonly failure: Failure; readonly again?: () => void }): JSX.Element {
  const words = useWords();
  return (
    <div class="trouble" role="alert">
      <IconWarning />
      <p>{failureText(words, props.failure)}</p>
      {props.again !== undefined && (
        <button type="button" class="button" onClick={props.again}>
          <IconRetry />
          {words.t("action.again")}
        </button>
      )}
    </div>
  );
}

export function failureText(words: ReturnType<typeof useWords>, failure: Failure): string {
  return failure.kind === "refused" && failure.text !== ""
    ? words.t("failure.refused", { why: failure.text })
    : words.any(`failure.${failure.kind === "refused" ? "unknown" : failure.kind}`);
}

/** What stands where something is about to be, at about its height. */
export function Skeleton({ rows }: { readonly rows: number }): JSX.Element {
  const { t } = useWords();
  return (
    <div class="skeleton" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <div class="skeleton-row" key={row} />
      ))}
    </div>
  );
}

/** A control with its name, and a hint that is told after it. */
export function Field(props: {
  readonly label: string;
  readonly hint?: string;
  readonly narrow?: boolean;
  readonly children: (of: { readonly id: string; readonly "aria-describedby"?: string }) => JSX.Element;
}): JSX.Element {
  const id = useId();
  return (
    <div class={props.narrow ? "field narrow" : "field"}>
      <label for={id}>{props.label}</label>
      {props.children(props.hint === undefined ? { id } : { id, "aria-describedby": `${id}-hint` })}
      {props.hint !== undefined && <small id={`${id}-hint`}>{props.hint}</small>}
    </div>
  );
}
