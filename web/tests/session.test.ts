import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { pathOf, routeOf } from "../src/router";
import { providedSession, readToken } from "../src/session";

function token(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part(claims)}.c2ln`;
}

test("a token tells whose it is and how long it lives", () => {
  const good = token({ sub: "ä-1", exp: 2 });
  expect(readToken(` Bearer ${good}\n`, 1_000)).toEqual({
    token: good,
    user: "ä-1",
    expires: 2_000,
    provided: false,
    renewable: false,
  });
  expect(readToken(good, 2_000)).toBe("expired");
});

test("a session of the sign-in's ends by how long its token lives, whatever time it is for the browser", () => {
  const long_ago = token({ sub: "ada", exp: 2 });
  expect(providedSession(long_ago, 1e12, true)).toEqual({
    token: long_ago,
    user: "ada",
    expires: 1e12,
    provided: true,
    renewable: true,
  });
  expect(providedSession("opaque", 1e12, true)).toBeNull();
});

test.each(["", "abc", "a.b", "a.b.c", "a.!.c", `${token({})}.x`, `x.${Buffer.from("7").toString("base64url")}.y`])(
  "%j is no token",
  (pasted) => expect(readToken(pasted, 0)).toBe("malformed"),
);

test("addresses name views, and views have addresses", () => {
  for (const path of ["/", "/topics", "/settings", "/documents/a%2Fb"]) expect(pathOf(routeOf(path))).toBe(path);
  expect(routeOf("/documents/%E0%A4%A")).toEqual({ view: "document", id: "%E0%A4%A" });
  expect(routeOf("/documents/a/b")).toEqual({ view: "nowhere" });
  expect(routeOf("/elsewhere")).toEqual({ view: "nowhere" });
});
