/** Which files are signed together, and until when what was signed is of use. Pure. */

/** As many as the API takes at once. */
export const MOST_FILES = 100;
/** Bytes that are signed ahead: a slow line sends so many before their URLs expire. */
export const MOST_BYTES = 64 * 1024 * 1024;
/** Of a URL's life: a PUT that begins later may come too late. */
const USABLE = 0.8;

/** The first, whatever its size, and those after it that fit, in their order. */
export function batchOf<T extends { readonly file: { readonly size: number } }>(
  first: T,
  others: readonly T[],
): readonly T[] {
  const batch = [first];
  let bytes = first.file.size;
  for (const one of others) {
    bytes += one.file.size;
    if (batch.length === MOST_FILES || bytes > MOST_BYTES) break;
    batch.push(one);
  }
  return batch;
}

/**
 * Until when a URL is good enough to begin with, by our clock (ms). What is told by the server's is taken as a time
 * from now, since clocks differ; `date` is the answer's Date header.
 */
export function usableUntil(expiresAt: string, date: string | null, now: number): number {
  const told = Date.parse(date ?? "");
  const life = Date.parse(expiresAt) - (Number.isNaN(told) ? now : told);
  return now + life * USABLE;
}
