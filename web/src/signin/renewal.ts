/** When a token is renewed. */

const SHARE = 0.75;
const EARLY_MS = 120_000;
const LONGEST_MS = 2 ** 31 - 1;

/** In how many milliseconds, for a token that is good for `left` of them: at three quarters, or two minutes before. */
export function renewalDelay(left: number): number {
  return Math.min(Math.max(0, left * SHARE, left - EARLY_MS), LONGEST_MS);
}
