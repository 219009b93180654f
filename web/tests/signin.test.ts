import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Answered, authorizationUrl, endSessionUrl, judge, newErrand, type Problem } from "../src/signin/errand";
import type { Provider } from "../src/signin/provider";
import { renewalDelay } from "../src/signin/renewal";

const PROVIDER: Provider = {
  issuer: "https://id.example",
  authorization_endpoint: "https://id.example/auth?tenant=7",
  client_id: "docuvault",
  scope: "openid email",
  parameters: { prompt: "select_account", state: "none of the settings' business" },
  names_itself: false,
  end_session_endpoint: "https://id.example/end",
};
const ORIGIN = "https://docs.example";

function answered(changes: Partial<Answered>, names_itself = false) {
  const errand = newErrand({ ...PROVIDER, names_itself }, "/topics", "");
  return { errand, answered: { code: "c", state: errand.state, error: null, iss: null, ...changes } };
}

function textOf(found: ReturnType<typeof judge>): string {
  return (found as Problem).text;
}

test("the provider is asked for a code, by PKCE, for this tab alone", async () => {
  const errand = newErrand(PROVIDER, "/topics", "ada");
  const url = new URL(await authorizationUrl(PROVIDER, errand, ORIGIN));
  expect(url.origin + url.pathname).toBe("https://id.example/auth");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    tenant: "7",
    prompt: "select_account",
    response_type: "code",
    client_id: "docuvault",
    redirect_uri: "https://docs.example/signed-in",
    scope: "openid email",
    state: errand.state,
    nonce: errand.nonce,
    code_challenge: createHash("sha256").update(errand.verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
});

test("no two sign-ins share a secret, and each is as long as PKCE wants it", () => {
  const secrets = [1, 2].flatMap(() => {
    const { state, nonce, verifier } = newErrand(PROVIDER, "/", "");
    return [state, nonce, verifier];
  });
  expect(new Set(secrets).size).toBe(6);
  for (const one of secrets) expect(one).toMatch(/^[\w-]{43}$/);
});

test("a code counts where this tab asked for it, and nowhere else", () => {
  const good = answered({});
  expect(judge(good)).toEqual({ code: "c", errand: good.errand });
  expect(textOf(judge({ ...good, errand: null }))).toBe("signin.forged");
  expect(textOf(judge(answered({ state: "another" })))).toBe("signin.forged");
  expect(textOf(judge(answered({ state: null })))).toBe("signin.forged");
  expect(textOf(judge(answered({ code: null })))).toBe("signin.forged");
});

test("another issuer's code is refused, and one that does not say whose it is where the provider always does", () => {
  expect(textOf(judge(answered({ iss: "https://evil.example" })))).toBe("signin.forged");
  expect(judge(answered({ iss: PROVIDER.issuer }, true))).toHaveProperty("code");
  expect(textOf(judge(answered({}, true)))).toBe("signin.forged");
});

test("an error is told in our words, and one nobody knows by its bare name", () => {
  expect(textOf(judge(answered({ error: "access_denied" })))).toBe("signin.denied");
  expect(textOf(judge(answered({ error: "login_required" })))).toBe("signin.login_required");
  expect(judge(answered({ error: "invalid_scope" }))).toEqual({
    text: "signin.provider_said",
    values: { error: "invalid_scope" },
  });
  for (const error of ["Call 555-1234 now", "<b>", "toString", "constructor"])
    expect(judge(answered({ error }))).toHaveProperty("text", "signin.provider_said");
  expect(judge(answered({ error: "Call 555-1234 now" }))).toHaveProperty("values", { error: "?" });
  expect(textOf(judge(answered({ error: "access_denied", state: "another" })))).toBe("signin.forged");
});

test("who signs out of the provider comes back to the page, and no token is in the address", () => {
  expect(endSessionUrl(PROVIDER, ORIGIN)).toBe(
    "https://id.example/end?client_id=docuvault&post_logout_redirect_uri=https%3A%2F%2Fdocs.example%2F",
  );
  expect(endSessionUrl({ ...PROVIDER, end_session_endpoint: null }, ORIGIN)).toBeNull();
});

test("a token is renewed at three quarters of its life, a long one two minutes before its end", () => {
  expect(renewalDelay(60_000)).toBe(45_000);
  expect(renewalDelay(3_600_000)).toBe(3_480_000);
  expect(renewalDelay(-1)).toBe(0);
  expect(renewalDelay(1e15)).toBe(2 ** 31 - 1);
});
