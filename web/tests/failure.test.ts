import { describe, expect, test } from "vitest";
import { failureOf, missingBytes } from "../src/api/failure";
import { removalOf } from "../src/api/removal";
import { partSize } from "../src/upload/parts";
import { remedyFor, SigningFailed } from "../src/upload/problem";

const NUMBERS = { used_bytes: 90, limit_bytes: 100, rejected_bytes: 25 };

describe("answers that are none", () => {
  test.each([
    [401, { detail: "no" }, { kind: "unauthorized" }],
    [404, { detail: "Document not found" }, { kind: "missing" }],
    [413, { detail: NUMBERS }, { kind: "over_quota", detail: NUMBERS }],
    [413, { detail: "Too large" }, { kind: "refused", status: 413, text: "Too large", field: "" }],
    [503, null, { kind: "busy", seconds: 2 }],
    [500, null, { kind: "refused", status: 500, text: "", field: "" }],
    [
      422,
      { detail: [{ loc: ["body", "name"], msg: "too long" }] },
      { kind: "refused", status: 422, text: "too long", field: "name" },
    ],
    [422, { detail: [7] }, { kind: "refused", status: 422, text: "", field: "" }],
  ])("%d %j", (status, body, failure) => expect(failureOf(status, body, null)).toEqual(failure));

  test("are worth another try when the server says, within reason", () => {
    expect(failureOf(429, null, "7")).toEqual({ kind: "busy", seconds: 7 });
    expect(failureOf(429, null, "86400")).toEqual({ kind: "busy", seconds: 60 });
    expect(failureOf(429, null, "Wed, 21 Oct 2026 07:28:00 GMT")).toEqual({ kind: "busy", seconds: 2 });
  });
});

test("what is missing is told by the server, or reckoned; a limit below what is used leaves nothing free", () => {
  expect(missingBytes(NUMBERS)).toBe(15);
  expect(missingBytes({ ...NUMBERS, over_by_bytes: 3 })).toBe(3);
  expect(missingBytes({ ...NUMBERS, used_bytes: 200 })).toBe(25);
});

test("a removal is read wherever its numbers stand, and is none without an id", () => {
  expect(removalOf({ id: "a", reason: "rejected", ...NUMBERS })?.detail).toMatchObject(NUMBERS);
  expect(removalOf({ id: "a", reason: "rejected", detail: NUMBERS, filename: "x" })).toEqual({
    id: "a",
    reason: "rejected",
    detail: NUMBERS,
    filename: "x",
  });
  expect(removalOf({ id: "a", reason: "of a newer kind" })?.reason).toBe("deleted");
  expect(removalOf({ reason: "deleted" })).toBeNull();
  expect(removalOf(null)).toBeNull();
});

describe("an upload that failed", () => {
  const single = { multipart: false, begun: true };
  const parts = { multipart: true, begun: true };
  const s3 = (status: number) => Object.assign(new Error("S3"), { status });
  const signing = (status: number) => new SigningFailed(failureOf(status, null, null));

  test.each([
    ["a PUT that was answered after all", s3(412), single, "sent"],
    ["a URL that expired", s3(403), single, "renew"],
    ["parts that were put together after all", s3(404), parts, "sent"],
    ["a network that is away", new Error("network"), single, "wait"],
    ["a store that is away", s3(503), single, "wait"],
    ["a store that will not", s3(400), single, "give-up"],
    ["a signer that is busy", signing(429), single, "wait"],
    ["a token that ended", signing(401), single, "give-up"],
    ["a key that expired", signing(422), single, "renew"],
    ["a request that is wrong", signing(422), { multipart: false, begun: false }, "give-up"],
    ["a server without parts", signing(404), { multipart: true, begun: false }, "whole"],
    ["a document that was deleted meanwhile", signing(404), parts, "renew"],
  ])("by %s", (_, error, circumstances, kind) => expect(remedyFor(error, circumstances).kind).toBe(kind));

  test("for want of space keeps the numbers", () => {
    const refused = new SigningFailed({ kind: "over_quota", detail: NUMBERS });
    expect(remedyFor(refused, single)).toEqual({ kind: "over-quota", detail: NUMBERS });
  });
});

test("parts are 16 MB, and larger where there would be more than 10,000", () => {
  expect(partSize(200 * 1024 ** 2)).toBe(16 * 1024 ** 2);
  const largest = 5 * 1024 ** 4;
  expect(Math.ceil(largest / partSize(largest))).toBeLessThanOrEqual(10_000);
});
