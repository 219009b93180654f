/** What happened to a document, step by step, and what it waits for. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../api/failure";
import type { Timeline, TimelineStep } from "../api/types";
import { usePlace } from "./context";
import { Skeleton, Trouble } from "./parts";

/** `version` changes with the document: then the timeline is asked for anew. */
export function TimelineOf({ id, version }: { readonly id: string; readonly version: string }): JSX.Element | null {
  const { app, words } = usePlace();
  const [answer, setAnswer] = useState<Answer<Timeline> | null>(null);
  const [asked, ask] = useState(0);
  useEffect(() => {
    let latest = true;
    void app.api.timeline(id).then((found) => {
      if (latest) setAnswer(found);
    });
    return () => {
      latest = false;
    };
  }, [app, id, version, asked]);
  if (answer !== null && !answer.ok && answer.failure.kind === "missing") return null;
  return (
    <section class="card timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title">{words.t("timeline.title")}</h2>
      {answer === null ? (
        <Skeleton rows={3} />
      ) : answer.ok ? (
        <Steps timeline={answer.body} />
      ) : (
        <Trouble failure={answer.failure} again={() => ask(asked + 1)} />
      )}
    </section>
  );
}

function Steps({ timeline }: { readonly timeline: Timeline }): JSX.Element {
  const { words } = usePlace();
  return (
    <>
      <ol class="timeline-steps">
        {timeline.steps.map((step, index) => (
          <li key={`${step.at} ${step.what} ${index}`} data-what={step.what}>
            <time dateTime={step.at} class="quiet numbers">
              {words.time(step.at)}
            </time>
            <div>
              <p>{what(words, step)}</p>
              <p class="quiet">{detail(words, step)}</p>
            </div>
          </li>
        ))}
      </ol>
      {timeline.waits_for !== null && (
        <p class="waits">
          <span class="dot" />
          {timeline.waits_for.for_a_person}
        </p>
      )}
    </>
  );
}

type Words = ReturnType<typeof usePlace>["words"];

/** The step in the reader's language, or as the server calls it where it is one that this page does not know. */
function what(words: Words, step: TimelineStep): string {
  const key = `timeline.${step.what}`;
  const said = words.any(key);
  return said === key ? step.what.replaceAll("_", " ").replaceAll(".", " ") : said;
}

/** Numbers of bytes as sizes, texts as they are; ids say nothing to a person. */
function detail(words: Words, step: TimelineStep): string {
  const parts = Object.entries(step.detail).flatMap(([name, value]) => {
    if (typeof value === "number") {
      const number = name.endsWith("_bytes") ? words.bytes(value) : String(value);
      return [
        words.any(`timeline.with_${name}`) === `timeline.with_${name}`
          ? number
          : words.any(`timeline.with_${name}`, { size: number }),
      ];
    }
    return typeof value === "string" && (name === "reason" || name === "note") && value !== "" ? [value] : [];
  });
  return [step.source, ...parts].join(" · ");
}
