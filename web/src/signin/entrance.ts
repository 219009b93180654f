/** The way in and out by an OpenID provider: looks for it, leads there, takes what comes back, and renews tokens. */
import type { Failure } from "../api/failure";
import type { Renewed } from "../api/http";
import { keepSession, lapsedSession, providedSession, type Session } from "../session";
import type { Store } from "../state/store";
import {
  authorizationUrl,
  endSessionUrl,
  judge,
  keepErrand,
  newErrand,
  type Problem,
  problem,
  type Returned,
  returnAddress,
} from "./errand";
import { leave, lookUp, type Provider, redeem, renew, type SignedIn } from "./provider";
import { renewalDelay } from "./renewal";

const AGAIN_MS = 5_000;

export interface Inside {
  /** Somebody came in; `before` is who was signed in when they left for the provider, "" for nobody. */
  entered(session: Session, before: string): void;
  ended(): void;
}

export class Entrance {
  readonly #store: Store;
  readonly #inside: Inside;
  #renewing: Promise<Renewed> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, inside: Inside) {
    this.#store = store;
    this.#inside = inside;
    addEventListener("pageshow", (event) => {
      if (event.persisted && store.state.session === null) void this.look(); // back from the provider, by that button
    });
  }

  /** The page is opened. Who is signed in stays so, whatever an address says. */
  async open(returned: Returned | null): Promise<void> {
    if (this.#store.state.session !== null) return this.plan();
    if (returned !== null) return this.#arrive(returned);
    const lapsed = lapsedSession(Date.now());
    if (lapsed !== null && (await this.#renewed(lapsed, true)) === "renewed") return;
    await this.look();
  }

  /** Finds out how one signs in here. */
  async look(why: Problem | null = null): Promise<Provider | null> {
    const told = await lookUp();
    if (!told.ok) {
      this.#show("", why ?? failed(told.failure));
      return null;
    }
    if (told.body === null) this.#store.dispatch({ type: "door", door: { kind: "token" }, problem: why });
    else this.#show(new URL(told.body.issuer).host, why);
    return told.body;
  }

  /** Leads the browser to the provider. */
  async go(): Promise<void> {
    const provider = await this.look();
    if (provider === null) return;
    if (!isSecureContext) return this.#show(new URL(provider.issuer).host, problem("signin.insecure"));
    const errand = newErrand(provider, location.pathname, this.#store.state.lastUser ?? "");
    keepErrand(errand);
    location.assign(await authorizationUrl(provider, errand, location.origin));
  }

  /** The session's token is not good any more: another one, if there is one to be had. */
  async renew(): Promise<Renewed> {
    const { session } = this.#store.state;
    const outcome = session === null ? "ended" : await this.#renewed(session);
    if (outcome === "ended") this.#inside.ended();
    return outcome;
  }

  /** Sees to it that the session goes on by itself. */
  plan(): void {
    clearTimeout(this.#timer);
    const { session } = this.#store.state;
    if (session?.renewable && session.expires !== null)
      this.#timer = setTimeout(() => void this.#early(), renewalDelay(session.expires - Date.now()));
  }

  /** Ends the session at the server and, where that can be, with the provider; the page has forgotten it already. */
  async leave(session: Session): Promise<void> {
    clearTimeout(this.#timer);
    if (!session.provided) {
      await this.look();
      return;
    }
    await oneTabAtATime(leave);
    const provider = await this.look();
    const url = provider === null ? null : endSessionUrl(provider, location.origin);
    if (url !== null) location.assign(url);
  }

  async #arrive(returned: Returned): Promise<void> {
    this.#store.dispatch({ type: "door", door: { kind: "waiting" }, problem: null });
    const judged = judge(returned);
    if ("text" in judged) return void (await this.look(judged));
    const { code, errand } = judged;
    const { verifier: code_verifier, nonce } = errand;
    const told = await redeem({ code, code_verifier, nonce, redirect_uri: returnAddress(location.origin) });
    const session = told.ok ? sessionOf(told.body) : null;
    if (session !== null) this.#inside.entered(session, errand.user);
    else await this.look(told.ok ? problem("signin.provider_said", { error: "token" }) : failed(told.failure));
  }

  /** `lapsed`: nobody is in, since the token had ended when the page was opened. */
  #renewed(session: Session, lapsed = false): Promise<Renewed> {
    if (!session.renewable) return Promise.resolve("ended");
    this.#renewing ??= this.#renewOnce(session, lapsed).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renewOnce(session: Session, lapsed: boolean): Promise<Renewed> {
    const told = await oneTabAtATime(renew);
    if (!told.ok) return told.failure.kind === "unauthorized" ? "ended" : "unknown";
    const next = sessionOf(told.body);
    if (next === null || next.user !== session.user) return "ended"; // somebody else has signed in, in another tab
    if (lapsed) this.#inside.entered(next, next.user);
    else if (this.#store.state.session === null)
      return "ended"; // signed out meanwhile
    else this.#store.dispatch({ type: "renewed", session: next });
    keepSession(next);
    this.plan();
    return "renewed";
  }

  /** Nothing waits for it, so a provider that is away is asked again, until the token itself has ended. */
  async #early(): Promise<void> {
    const { session } = this.#store.state;
    if (session === null || (await this.#renewed(session)) !== "unknown") return;
    this.#timer = setTimeout(() => void this.#early(), AGAIN_MS);
  }

  #show(host: string, why: Problem | null): void {
    this.#store.dispatch({ type: "door", door: { kind: "provider", host }, problem: why });
  }
}

function sessionOf({ access_token, expires_in, renewable }: SignedIn): Session | null {
  return providedSession(access_token, Date.now() + expires_in * 1000, renewable);
}

function failed(failure: Failure): Problem {
  if (failure.kind === "unauthorized") return problem("signin.used_up");
  if (failure.kind === "refused" && failure.text !== "") return problem("failure.refused", { why: failure.text });
  return problem(failure.kind === "network" ? "failure.network" : "signin.provider_away");
}

/** Each refresh token is good once, and the browser has one for all its tabs. */
function oneTabAtATime<T>(work: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined; // there are none where the page is not behind TLS
  return locks === undefined ? work() : locks.request("docuvault.renewal", work);
}
