/** Where files go: dropped anywhere on the page, or chosen by a button, which the keyboard reaches, too. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { pickedFromDrop, pickedFromInput } from "../upload/picked";
import { usePlace, useWords } from "./context";
import { IconUpload } from "./icons";

export function DropZone({ small }: { readonly small: boolean }): JSX.Element {
  const { app } = usePlace();
  const { t } = useWords();
  const over = useDrop((dropped) => void pickedFromDrop(dropped).then((picked) => app.upload(picked)));
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const chosen = (event: JSX.TargetedEvent<HTMLInputElement>) => {
    app.upload(pickedFromInput(event.currentTarget.files ?? []));
    event.currentTarget.value = ""; // the same file may be chosen once more
  };
  return (
    <section class={`dropzone ${small ? "small" : ""} ${over ? "over" : ""}`} aria-label={t("drop.title")}>
      <IconUpload />
      <p class="dropzone-title">{over ? t("drop.now") : t("drop.title")}</p>
      <div class="dropzone-buttons">
        <button type="button" class="button primary" onClick={() => files.current?.click()}>
          {t("drop.files")}
        </button>
        <button type="button" class="button" onClick={() => folder.current?.click()}>
          {t("drop.folder")}
        </button>
      </div>
      <input
        ref={files}
        class="hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={chosen}
        data-test="files"
      />
      <input
        ref={(input) => {
          folder.current = input;
          if (input !== null) input.webkitdirectory = true;
        }}
        class="hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={chosen}
        data-test="folder"
      />
    </section>
  );
}

/** Whether files are being dragged over the page; what is dropped is handed on. */
function useDrop(drop: (dropped: DataTransfer) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(drop);
  latest.current = drop;
  useEffect(() => {
    let inside = 0; // a drag enters each element within, before it leaves the one around
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      inside += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      inside = Math.max(0, inside - 1);
      if (inside === 0) setOver(false);
    };
    const hover = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const dropped = (event: DragEvent) => {
      if (!hasFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      inside = 0;
      setOver(false);
      latest.current(event.dataTransfer);
    };
    const on = { dragenter: enter, dragleave: leave, dragover: hover, drop: dropped } as const;
    for (const [name, listener] of Object.entries(on)) addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(on)) removeEventListener(name, listener as EventListener);
    };
  }, []);
  return over;
}
