import { describe, expect, test } from "vitest";
import { formatAge, formatBytes, formatBytesUp, formatSeconds, formatShare } from "../src/format";

/** Intl puts several kinds of spaces between numbers and units; which one is not what is tested. */
const plain = (text: string) => text.replace(/\s/g, " ");

describe("sizes", () => {
  test.each([
    [0, "0 B"],
    [-5, "0 B"],
    [999, "999 B"],
    [1000, "0.98 kB"],
    [1024, "1 kB"],
    [48_213, "47.1 kB"],
    [104_857_600, "100 MB"],
    [1_048_576_000, "0.98 GB"],
    [5 * 1024 ** 4, "5 TB"],
    [Number.MAX_SAFE_INTEGER, "8,192 TB"],
  ])("%d bytes are %s", (bytes, text) => expect(plain(formatBytes(bytes, "en"))).toBe(text));

  test("are written as the language writes numbers", () => expect(plain(formatBytes(1_288_490, "de"))).toBe("1,23 MB"));

  test("that are missing are rounded up, so that freeing as much is enough", () => {
    const missing = 12 * 1024 ** 2 + 1;
    expect(plain(formatBytesUp(missing, "en"))).toBe("12.1 MB");
    expect(plain(formatBytesUp(1, "en"))).toBe("1 B");
  });
});

describe("seconds", () => {
  test.each([
    [0, "1 sec"],
    [7.2, "8 sec"],
    [59.5, "1 min"],
    [61, "2 min"],
    [3_600, "1 hr"],
    [4_800, "1 hr 20 min"],
  ])("%d are %s", (seconds, text) => expect(plain(formatSeconds(seconds, "en"))).toBe(text));
});

describe("shares", () => {
  test.each([
    [0, "0%"],
    [0.001, "1%"],
    [0.999, "99%"],
    [1, "100%"],
    [1.3, "130%"],
  ])("%d is %s: neither whole nor nothing before it is", (share, text) => expect(formatShare(share, "en")).toBe(text));
});

describe("ages", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");

  test.each([
    ["2026-11-27T11:59:50Z", "now"],
    ["2026-11-27T12:00:09Z", "now"],
    ["2026-11-27T11:55:00Z", "5 minutes ago"],
    ["2026-11-26T12:00:00Z", "yesterday"],
    ["2026-11-01T12:00:00Z", "Nov 1, 2026"],
    ["no time", ""],
  ])("%s is %s", (time, text) => expect(formatAge(time, now, "en")).toBe(text));
});
