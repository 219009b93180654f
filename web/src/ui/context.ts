/** What every part of the page may ask for: the app, a slice of the state, the words, the clock. */
import { createContext, type JSX } from "preact";
import { useContext, useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { formatAge, formatBytes, formatBytesUp, formatSeconds, formatShare, formatTime } from "../format";
import { type Language, type Message, type Messages, say, translated, type Values } from "../messages";
import { pathOf, type Route } from "../router";
import type { State } from "../state/model";

export interface Words {
  readonly language: Language;
  t(key: Message, values?: Values): string;
  /** A key that is put together, or that came with a notice. */
  any(key: string, values?: Values): string;
  /** What the server says of a document. */
  said(words: string): string;
  bytes(bytes: number): string;
  bytesUp(bytes: number): string;
  seconds(seconds: number): string;
  share(share: number): string;
  age(time: string, now: number): string;
  time(time: string): string;
}

/** `wanted` are the browser's languages: numbers and times are written as in the first that is of this language. */
export function wordsOf(language: Language, messages: Messages, wanted: readonly string[]): Words {
  const locale = wanted.find((one) => one.startsWith(language)) ?? language;
  return {
    language,
    t: (key, values) => say(messages, locale, key, values),
    any: (key, values) => say(messages, locale, key, values),
    said: (words) => translated(messages, words),
    bytes: (bytes) => formatBytes(bytes, locale),
    bytesUp: (bytes) => formatBytesUp(bytes, locale),
    seconds: (seconds) => formatSeconds(seconds, locale),
    share: (share) => formatShare(share, locale),
    age: (time, now) => formatAge(time, now, locale),
    time: (time) => formatTime(time, locale),
  };
}

export interface Place {
  readonly app: App;
  readonly words: Words;
  readonly route: Route;
  go(route: Route): void;
  setLanguage(language: Language): void;
}

export const PlaceContext = createContext<Place | null>(null);

export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (place === null) throw new Error("outside of the page");
  return place;
}

export function useWords(): Words {
  return usePlace().words;
}

/** A part of the state; renders again only when that part is another. */
export function useSelect<T>(select: (state: State) => T): T {
  const { store } = usePlace().app;
  const chosen = select(store.state);
  const shown = useRef(chosen);
  const latest = useRef(select);
  const [, render] = useReducer((count: number, _: null) => count + 1, 0);
  shown.current = chosen;
  latest.current = select;
  useLayoutEffect(() => {
    const look = () => {
      if (!Object.is(latest.current(store.state), shown.current)) render(null);
    };
    look(); // it may have changed between rendering and now
    return store.subscribe(look);
  }, [store]);
  return chosen;
}

/** Draws a thing once: its element stays the same, so that a change of another thing draws it no second time. */
export function useDrawn<T extends object>(draw: (thing: T) => JSX.Element): (thing: T) => JSX.Element {
  const drawn = useRef(new WeakMap<T, JSX.Element>()).current;
  return (thing) => {
    const element = drawn.get(thing) ?? draw(thing);
    drawn.set(thing, element);
    return element;
  };
}

/** The time, anew every so many milliseconds; `clock` is Date.now or performance.now. */
export function useNow(every: number, clock: () => number = Date.now): number {
  const [now, setNow] = useState(clock);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock()), every);
    return () => clearInterval(timer);
  }, [every, clock]);
  return now;
}

export const performanceNow = (): number => performance.now();

/** What a link to a view needs. */
export function useLink(route: Route): { readonly href: string; onClick(event: MouseEvent): void } {
  const { go } = usePlace();
  return {
    href: pathOf(route),
    onClick: (event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(route);
    },
  };
}
