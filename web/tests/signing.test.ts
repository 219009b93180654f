import { describe, expect, test } from "vitest";
import type { Api, NewUpload } from "../src/api/client";
import type { Answer, Failure } from "../src/api/failure";
import type { UploadUrl, UploadUrls } from "../src/api/types";
import { batchOf, MOST_BYTES, MOST_FILES, usableUntil } from "../src/upload/batch";
import { anew, type Job } from "../src/upload/job";
import { SigningFailed } from "../src/upload/problem";
import { Signing } from "../src/upload/signing";

const MB = 1024 * 1024;
const NUMBERS = { used_bytes: 0, limit_bytes: 1, rejected_bytes: 2, over_by_bytes: 1 };

function job(name: string, size = 1): Job {
  const file = { name, size, type: "text/plain" } as File;
  return {
    id: name,
    file,
    idempotencyKey: name,
    documentId: null,
    signature: null,
    parts: null,
    multipart: false,
    tries: 1,
    renewals: 0,
  };
}
const jobs = (count: number, size?: number) => Array.from({ length: count }, (_, index) => job(`${index}`, size));

describe("a batch", () => {
  test("is the first and those after it, as many as the API takes", () => {
    const [first, ...others] = jobs(300);
    expect(first && batchOf(first, others).map((one) => one.id)).toEqual(jobs(MOST_FILES).map((one) => one.id));
  });

  test("signs no more bytes ahead than are sent before the URLs expire, but always the first", () => {
    expect(batchOf(job("big", 2 * MOST_BYTES), jobs(3)).map((one) => one.id)).toEqual(["big"]);
    expect(batchOf(job("a", MB), jobs(200, MB))).toHaveLength(64);
  });

  test("keeps the order: room is given to who comes first", () => {
    const others = [job("big", 2 * MOST_BYTES), job("small")];
    expect(batchOf(job("a"), others).map((one) => one.id)).toEqual(["a"]);
  });
});

test("a URL is of use for most of its life, whatever our clock says", () => {
  const [expires, date] = ["2026-11-27T10:10:00Z", "Fri, 27 Nov 2026 10:00:00 GMT"];
  expect(usableUntil(expires, date, 5_000)).toBe(5_000 + 480_000);
  expect(usableUntil(expires, null, Date.parse("2026-11-27T10:05:00Z"))).toBe(Date.parse("2026-11-27T10:09:00Z"));
});

/** A server of which each request can be made to fail, and an owner with these files. */
function scene(all: readonly Job[], lifeSeconds = 600) {
  const asked: { readonly key: string; readonly names: readonly string[] }[] = [];
  const said: string[] = [];
  const failures: Failure[] = [];
  const tooBig = new Set<string>();
  const gone = new Set<Job>();
  let made = 0;
  const url = ({ filename }: NewUpload): UploadUrl => {
    made += 1;
    const expires_at = new Date(Date.now() + lifeSeconds * 1000).toISOString();
    return { upload_url: `put ${filename}`, document_id: `${filename}#${made}`, expires_at };
  };
  const answer = <T>(body: () => T): Promise<Answer<T>> => {
    const failure = failures.shift();
    return Promise.resolve(
      failure === undefined
        ? { ok: true as const, status: 200, body: body(), headers: new Headers() }
        : { ok: false as const, failure },
    );
  };
  const api = {
    uploadUrl: (upload: NewUpload, key: string) => {
      asked.push({ key, names: [upload.filename] });
      return answer(() => url(upload));
    },
    uploadUrls: (uploads: readonly NewUpload[], key: string) => {
      asked.push({ key, names: uploads.map((one) => one.filename) });
      const both = uploads.map((upload, index) => ({ upload, index }));
      const fits = both.filter(({ upload }) => !tooBig.has(upload.filename));
      const refused = both.filter(({ upload }) => tooBig.has(upload.filename));
      return answer<UploadUrls>(() => ({
        uploads: fits.map(({ upload, index }) => ({ ...url(upload), index })),
        refused: refused.map(({ index }) => ({ index, reason: "over_quota", detail: NUMBERS })),
      }));
    },
    remove: (id: string) => void said.push(`remove ${id}`),
  };
  const signing = new Signing(api as unknown as Api, {
    upcoming: () => all.filter((one) => one.documentId === null && !gone.has(one)),
    isWanted: (one) => !gone.has(one),
    signed: (one) => void said.push(`signed ${one.id}`),
    outlived: (one) => {
      said.push(`outlived ${one.id}`);
      anew(one);
    },
    refused: (one) => void said.push(`refused ${one.id}`),
  });
  /** The URL, or what the signing failed with. */
  const sign = (one: Job | undefined) =>
    one === undefined
      ? Promise.resolve("")
      : signing.sign(one).then(
          (signed) => signed.upload_url,
          (error: unknown) => (error instanceof SigningFailed ? error.failure.kind : String(error)),
        );
  return { asked, said, failures, tooBig, gone, sign };
}

describe("signing", () => {
  test("asks once for those that come together and those that come after them", async () => {
    const all = jobs(130);
    const { asked, sign } = scene(all);
    expect(await Promise.all(all.slice(0, 4).map(sign))).toEqual(["put 0", "put 1", "put 2", "put 3"]);
    for (const one of all) expect(await sign(one)).toBe(`put ${one.id}`);
    expect(asked.map((one) => one.names.length)).toEqual([100, 30]);
  });

  test("asks for nothing twice, while an answer is on its way", async () => {
    const all = jobs(130);
    const { asked, sign } = scene(all);
    expect(await Promise.all([sign(all[0]), sign(all[100])])).toEqual(["put 0", "put 100"]);
    expect(asked.map((one) => one.names.length)).toEqual([100, 30]);
  });

  test("asks for one file as for one", async () => {
    const all = jobs(1);
    const { asked, sign } = scene(all);
    await sign(all[0]);
    expect(asked).toEqual([{ key: "0", names: ["0"] }]);
  });

  test("says the very same again where no answer came, though files were cancelled or added since", async () => {
    const all = jobs(3);
    const { asked, said, failures, gone, sign } = scene(all);
    failures.push({ kind: "network" });
    expect(await Promise.all([sign(all[0]), sign(all[1])])).toEqual(["network", "network"]);
    gone.add(all[2] as Job);
    all.push(job("late"));
    expect(await sign(all[1])).toBe("put 1");
    expect(await sign(all[0])).toBe("put 0");
    expect(asked[1]).toEqual(asked[0]);
    expect(asked).toHaveLength(2);
    expect(said).toEqual(["signed 0", "signed 1", "remove 2#3"]);
  });

  test("tells of what does not fit at once, to the one that waits and to the owner of the others", async () => {
    const all = jobs(4);
    const { said, tooBig, sign } = scene(all);
    tooBig.add("0").add("2");
    expect(await sign(all[0])).toBe("over_quota");
    expect(said).toEqual(["signed 1", "signed 3", "refused 2"]);
  });

  test("asks for each by itself where one of many is malformed", async () => {
    const all = jobs(3);
    const { asked, failures, sign } = scene(all);
    const malformed: Failure = { kind: "refused", status: 422, text: "bad", field: "files" };
    failures.push(malformed, malformed);
    expect(await Promise.all([sign(all[0]), sign(all[1]), sign(all[2])])).toEqual(["refused", "put 1", "put 2"]);
    expect(asked.map((one) => one.names.length)).toEqual([3, 1, 1, 1]);
  });

  test("never hands out a URL that is as good as expired: what was not begun is made anew, what was is told", async () => {
    const all = jobs(2);
    const { said, sign } = scene(all, 0);
    await sign(all[0]);
    expect(await sign(all[1])).toBe("put 1");
    expect(said).toContain("outlived 1");
    const begun = all[0] as Job;
    begun.tries = 2;
    expect(await sign(begun)).toBe("refused");
    expect(begun.documentId).not.toBeNull();
  });
});
