/** What a test needs around the example: a way to choose files, and to see what Uppy tells. */
import { uppy } from "./integration";

type Named = { readonly name?: string | undefined } | undefined;

const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, ariaLabel: "Files" });
const list = document.createElement("ul");
document.body.replaceChildren(input, list);

function tell(what: string, file: Named, more: unknown): void {
  const line = document.createElement("li");
  line.className = what;
  line.textContent = JSON.stringify({ name: file?.name, more });
  list.append(line);
}

uppy.on("upload-success", (file) => tell("sent", file, null));
uppy.on("upload-error", (file, error) => tell("failed", file, (error as { detail?: unknown }).detail ?? error.message));
uppy.on("s3-multipart:part-uploaded", (file, part) => tell("part", file, part.PartNumber));

input.addEventListener("change", () => {
  for (const file of input.files ?? []) uppy.addFile({ name: file.name, type: file.type, data: file });
});

Object.assign(globalThis, { uppy });
