/** What this tab remembers of big uploads, to go on after it was loaded anew: in its session storage, like the token. */
import type { Unfinished } from "../state/model";

const KEY = "docuvault.unfinished";

export function readUnfinished(): readonly Unfinished[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isUnfinished) : [];
  } catch {
    return [];
  }
}

export function keepUnfinished(files: readonly Unfinished[]): void {
  if (files.length === 0) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, JSON.stringify(files));
}

/** Whether it is the same file, as far as a page may know. */
export function isSameFile(one: Unfinished, file: File): boolean {
  return one.name === file.name && one.size === file.size && one.modified === file.lastModified;
}

function isUnfinished(value: unknown): value is Unfinished {
  if (typeof value !== "object" || value === null) return false;
  const one = value as Record<string, unknown>;
  return (
    ["name", "key", "uploadId", "documentId"].every((name) => typeof one[name] === "string") &&
    ["size", "modified"].every((name) => typeof one[name] === "number")
  );
}
