/** One file on its way: three steps, what it is at, and what can be done about it. */
import type { JSX } from "preact";
import { missingBytes } from "../api/failure";
import type { Doc } from "../api/types";
import type { Stage, Transfer } from "../state/model";
import { isStored } from "../state/transfers";
import { performanceNow, useNow, usePlace, useSelect, useWords } from "./context";
import { IconCheck, IconClose, IconRetry, IconWarning } from "./icons";
import { Bar, Name, ViewLink } from "./parts";
import { paceText } from "./Transfers";

const STEPS = ["send", "settle", "file"] as const;
type Step = (typeof STEPS)[number];
/** How far it is among the steps, 3 beyond the last. */
const AT: Record<Shown, number> = {
  waiting: 0,
  sending: 0,
  settling: 1,
  filing: 2,
  done: 3,
  unfiled: 2,
  stored: 2,
  refused: 1,
  failed: 0,
};
/** `stored` is the end where nothing is classified. */
type Shown = Stage | "stored";

export function TransferRow({ transfer }: { readonly transfer: Transfer }): JSX.Element {
  const { app } = usePlace();
  const words = useWords();
  const off = useSelect((state) => state.settings.state === "ready" && state.settings.value.mode === "off");
  const document = useSelect((state) => state.documents.get(transfer.documentId ?? ""));
  const stage: Shown = transfer.stage === "filing" && off ? "stored" : transfer.stage;
  const troubled = stage === "refused" || stage === "failed";
  const act = (what: "cancel" | "retry") => app.withUploader((uploader) => uploader[what](transfer.id));
  return (
    <li class={`transfer ${stage}`} data-stage={stage}>
      <div class="transfer-name">
        {transfer.documentId !== null && isStored(transfer.stage) ? (
          <ViewLink to={{ view: "document", id: transfer.documentId }}>
            <Name>{transfer.name}</Name>
          </ViewLink>
        ) : (
          <Name>{transfer.name}</Name>
        )}
        <span class="quiet numbers">{words.bytes(transfer.size)}</span>
        {transfer.folder !== "" && <bdi class="quiet folder">{transfer.folder}</bdi>}
      </div>
      <Steps stage={stage} unsent={transfer.sent < transfer.size} none={document?.topics.length === 0} />
      <div class="transfer-state">
        {stage === "sending" ? (
          <Sending transfer={transfer} />
        ) : (
          <StageWords transfer={transfer} stage={stage} document={document} />
        )}
      </div>
      <div class="transfer-actions">
        {troubled && (
          <button
            type="button"
            class="button"
            onClick={() => act("retry")}
            aria-label={words.t("action.retry_of", { name: transfer.name })}
          >
            <IconRetry />
            {words.t("action.retry")}
          </button>
        )}
        {!isStored(transfer.stage) && (
          <button
            type="button"
            class="button ghost icon-only"
            onClick={() => act("cancel")}
            aria-label={words.t(troubled ? "action.dismiss_of" : "action.cancel_of", { name: transfer.name })}
          >
            <IconClose />
          </button>
        )}
      </div>
    </li>
  );
}

/** What was refused before it was sent got no further than that. `none`: it is filed under no topic. */
function Steps(props: { readonly stage: Shown; readonly unsent: boolean; readonly none: boolean }): JSX.Element {
  const { t } = useWords();
  const { stage } = props;
  const at = stage === "refused" && props.unsent ? 0 : AT[stage];
  const troubled = stage === "refused" || stage === "failed";
  return (
    <ol class="steps" aria-label={t("steps.title", { at: Math.min(at + 1, 3) })}>
      {STEPS.map((name, index) => {
        const here = troubled ? "wrong" : stage === "unfiled" ? "without" : stage === "stored" ? "ahead" : "now";
        const how = index < at ? "past" : index > at ? "ahead" : here;
        return (
          <li key={name} class={`step ${how}`} aria-current={how === "now" ? "step" : undefined}>
            <span class="step-dot">
              {how === "past" ? <IconCheck /> : how === "wrong" || how === "without" ? <IconClose /> : null}
            </span>
            <span class="step-name">{t(`steps.${nameOf(name, stage, props.none)}`)}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** The last step is not called done where it was not. */
function nameOf(step: Step, stage: Shown, none: boolean): Step | "file_not" | "file_none" {
  if (step !== "file") return step;
  if (stage === "unfiled" || stage === "stored") return "file_not";
  return stage === "done" && none ? "file_none" : step;
}

function Sending({ transfer }: { readonly transfer: Transfer }): JSX.Element {
  const words = useWords();
  const now = useNow(1_000, performanceNow);
  const share = transfer.size === 0 ? 1 : transfer.sent / transfer.size;
  const text = words.t("transfer.sent", { sent: words.bytes(transfer.sent), size: words.bytes(transfer.size) });
  return (
    <>
      <Bar label={words.t("transfer.progress_of", { name: transfer.name })} share={share} text={text} />
      <p class="quiet numbers">{[words.share(share), paceText(words, transfer, now)].filter(Boolean).join(" · ")}</p>
    </>
  );
}

function StageWords(props: {
  readonly transfer: Transfer;
  readonly stage: Shown;
  readonly document: Doc | undefined;
}): JSX.Element {
  const { transfer, stage, document } = props;
  const words = useWords();
  const live = useSelect((state) => state.live);
  if (stage === "refused") return <p class="wrong-words">{refusalText(words, transfer)}</p>;
  if (stage === "failed") return <p class="wrong-words">{problemText(words, transfer)}</p>;
  if (stage === "waiting") {
    return (
      <p class="quiet">{transfer.problem === null ? words.t("transfer.waiting") : problemText(words, transfer)}</p>
    );
  }
  if (stage === "settling") return <p class="quiet">{words.t("transfer.settling")}</p>;
  if (stage === "filing")
    return <p class="quiet">{words.t(live === "off" ? "transfer.filing_unseen" : "transfer.filing")}</p>;
  if (stage === "stored") return <p class="quiet">{words.t("transfer.stored")}</p>;
  if (stage === "unfiled") return <p class="warn-words">{unfiledText(words, document)}</p>;
  if (document === undefined) return <p class="quiet">{words.t("transfer.done")}</p>;
  const topics = document.topics.map((topic) => topic.name);
  if (topics.length === 0) {
    const why = document.reason;
    return <p class="quiet">{why === null ? words.t("filing.none_classified") : words.said(why)}</p>;
  }
  return (
    <p class="chips">
      {topics.map((name) => (
        <bdi class="chip" key={name}>
          {name}
        </bdi>
      ))}
    </p>
  );
}

/** The bytes are safe, whatever could not be done with them. */
function unfiledText(words: ReturnType<typeof useWords>, document: Doc | undefined): string {
  const why = words.said(document?.reason ?? "");
  return why === "" ? words.t("transfer.unfiled") : words.t("transfer.unfiled_why", { why });
}

/** A refusal in words: by how much it does not fit, and what there is. */
function refusalText(words: ReturnType<typeof useWords>, { refusal }: Transfer): JSX.Element {
  if (refusal === null) return <>{words.t("refusal.unknown")}</>;
  if (refusal.limit_bytes === 0) return <>{words.t("quota.none")}</>;
  const missing = words.bytesUp(missingBytes(refusal));
  const free = words.bytes(Math.max(0, refusal.limit_bytes - refusal.used_bytes));
  return (
    <>
      <IconWarning />
      {words.t("refusal.over", { missing, free, size: words.bytes(refusal.rejected_bytes) })}
    </>
  );
}

function problemText(words: ReturnType<typeof useWords>, { problem, stage }: Transfer): string {
  if (problem === null) return "";
  if (problem.kind === "said") return words.t("problem.said", { why: problem.text });
  return words.any(stage === "waiting" ? `problem.waits_${problem.kind}` : `problem.${problem.kind}`);
}
