/** Which view an address names. Addresses hold ids and nothing else. */

export type Route =
  | { readonly view: "documents" }
  | { readonly view: "document"; readonly id: string }
  | { readonly view: "topics" }
  | { readonly view: "settings" }
  | { readonly view: "nowhere" };

export function routeOf(path: string): Route {
  const [first = "", second, third] = path.split("/").filter(Boolean);
  if (first === "") return { view: "documents" };
  if (first === "documents" && second !== undefined && third === undefined) {
    return { view: "document", id: decoded(second) };
  }
  if ((first === "topics" || first === "settings") && second === undefined) return { view: first };
  return { view: "nowhere" };
}

export function pathOf(route: Route): string {
  if (route.view === "documents" || route.view === "nowhere") return "/";
  return route.view === "document" ? `/documents/${encodeURIComponent(route.id)}` : `/${route.view}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
