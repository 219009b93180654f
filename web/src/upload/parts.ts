/** How a big file is cut. Pure. */

const MIB = 1024 * 1024;
const PART = 16 * MIB;
const MOST_PARTS = 10_000;

/** Bytes of a part: the same for the same size, so that parts fit when an upload goes on. */
export function partSize(size: number): number {
  return Math.max(PART, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}
