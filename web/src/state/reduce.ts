/** The one function by which the state changes. Pure. */
import type { Action } from "./actions";
import { reduceDocuments } from "./documents";
import { EVERYTHING, initialState, type State } from "./model";
import { reduceTransfers } from "./transfers";
import { fulfil, reduceWishes } from "./wishes";

const MOST_NOTICES = 6;

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "signed-in":
      return signedIn(state, action.session.user, { ...state, session: action.session, ended: false });
    case "signed-out":
      return action.ended
        ? { ...state, session: null, ended: true, notices: [], doorProblem: null }
        : { ...initialState(null, state.online), door: state.door };
    case "renewed":
      return state.session === null ? state : { ...state, session: action.session };
    case "door":
      return { ...state, door: action.door, doorProblem: action.problem };
    case "online":
      return { ...state, online: action.online };
    case "live":
      return { ...state, live: action.live };
    case "quota":
      return { ...state, quota: action.quota };
    case "topics":
      return { ...state, topics: action.topics };
    case "settings":
      return { ...state, settings: action.settings };
    case "filter":
      return { ...state, filter: { ...state.filter, page: 0, ...action.change } };
    case "noticed":
      return { ...state, notices: [...state.notices, action.notice].slice(-MOST_NOTICES) };
    case "notice-over":
      return { ...state, notices: state.notices.filter((one) => one.id !== action.id) };
    case "listing":
    case "listed":
    case "listing-failed":
    case "document":
    case "removed":
    case "leaving":
    case "stays":
      return fulfil(reduceDocuments(state, action));
    case "wished":
    case "wish-saved":
    case "wish-over":
      return reduceWishes(state, action);
    default:
      return reduceTransfers(state, action);
  }
}

/** Whose session ended finds the page as it was; anybody else finds nothing of theirs. */
function signedIn(before: State, user: string, after: State): State {
  const same = before.session?.user === user || before.lastUser === user;
  const kept = same ? after : { ...initialState(after.session, after.online) };
  return { ...kept, door: after.door, doorProblem: null, lastUser: user, filter: same ? after.filter : EVERYTHING };
}
