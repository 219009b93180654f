/** How fast bytes go, and when they will all be there. Pure. */

export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  /** Bytes that are there by then. */
  readonly bytes: number;
}

/** The last samples; those older than the window are dropped, but for one. */
export type Pace = readonly Sample[];

export const WINDOW_MS = 5_000;
/** Below this it is too early to promise anything. */
const LEAST_MS = 800;
/** Without a byte for so long it stands still. */
const STALLED_MS = 4_000;

/** The pace with one more sample. Fewer bytes than before (it began anew) start it over. */
export function paced(pace: Pace, sample: Sample): Pace {
  const last = pace.at(-1);
  if (last !== undefined && sample.bytes < last.bytes) return [sample];
  const first = pace.findLastIndex((one) => sample.at - one.at >= WINDOW_MS);
  return [...pace.slice(Math.max(0, first)), sample];
}

/** Bytes a second over the window, 0 where it stands still, null where nothing can be said yet. */
export function speed(pace: Pace, now: number): number | null {
  const first = pace.at(0);
  const last = pace.at(-1);
  if (first === undefined || last === undefined) return null;
  if (now - last.at > STALLED_MS) return 0;
  const elapsed = Math.max(last.at, Math.min(now, last.at + 1_000)) - first.at;
  if (elapsed < LEAST_MS) return null;
  return ((last.bytes - first.bytes) * 1000) / elapsed;
}

/** Seconds until `total` bytes are there; null where nobody can tell. */
export function secondsLeft(pace: Pace, total: number, now: number): number | null {
  const pacePerSecond = speed(pace, now);
  const there = pace.at(-1)?.bytes ?? 0;
  if (there >= total) return 0;
  return pacePerSecond === null || pacePerSecond <= 0 ? null : (total - there) / pacePerSecond;
}
