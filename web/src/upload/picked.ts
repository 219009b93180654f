/** Files as they were dropped or chosen, folders with all that is in them. */

export interface Picked {
  readonly file: File;
  /** The path of its folder within what was dropped, "" for none. */
  readonly folder: string;
}

/** What was dropped. To be called while the drop is handled: the browser forgets it afterwards. */
export async function pickedFromDrop(dropped: DataTransfer): Promise<readonly Picked[]> {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return pickedFromInput(dropped.files);
  const found = await Promise.all(entries.map((entry) => walk(entry, "")));
  return found.flat();
}

/** What was chosen in a dialog; of a folder, each file tells its path. */
export function pickedFromInput(files: Iterable<File>): readonly Picked[] {
  return [...files].map((file) => ({ file, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") }));
}

async function walk(entry: FileSystemEntry, folder: string): Promise<readonly Picked[]> {
  if (entry.isFile) {
    const file = await fileOf(entry as FileSystemFileEntry);
    return file === null ? [] : [{ file, folder }];
  }
  const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
  const found: Picked[] = [];
  for (const inner of await entriesOf(entry as FileSystemDirectoryEntry)) found.push(...(await walk(inner, path)));
  return found;
}

/** Null for what cannot be read: a link to nowhere, a file that is gone by now. */
function fileOf(entry: FileSystemFileEntry): Promise<File | null> {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    // A browser hands them out by the hundred, and says with none that these were all.
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return found;
    found.push(...some);
  }
}
