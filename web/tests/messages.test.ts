import { expect, test } from "vitest";
import { preferred, say, translated } from "../src/messages";
import de from "../src/messages/de.json";
import en from "../src/messages/en.json";

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

test("German says all that English says, with the same values in it", () => {
  expect(Object.keys(de)).toEqual(Object.keys(en));
  for (const [key, text] of Object.entries(en)) {
    expect(holes((de as Record<string, string>)[key] ?? ""), key).toEqual(holes(text));
  }
});

test("keys are sorted, so that two branches seldom add at the same place", () => {
  expect(Object.keys(en)).toEqual(Object.keys(en).toSorted());
});

test("values are put in, plurals chosen, and names from outside isolated", () => {
  expect(say(en, "en", "pager.count", { n: 1 })).toBe("1 document");
  expect(say(en, "en", "pager.count", { n: 1200 })).toBe("1,200 documents");
  expect(say(de, "de", "pager.count", { n: 1200 })).toBe("1.200 Dokumente");
  expect(say(en, "en", "action.delete_of", { name: "{why}" })).toBe("Delete \u2068{why}\u2069");
  expect(say(en, "en", "of.no.such.key")).toBe("of.no.such.key");
});

test("what the server says is translated where it is known, and left as it is where not", () => {
  expect(translated(de, "The file is empty")).toBe("Die Datei ist leer");
  expect(translated(de, "toString")).toBe("toString");
  for (const [key, text] of Object.entries(en)) {
    if (key.startsWith("said.")) expect(text).toBe(key.slice("said.".length));
  }
});

test("the language is the chosen one, or the first that the browser asks for and that is known", () => {
  expect(preferred("de", ["en"])).toBe("de");
  expect(preferred(null, ["fr-FR", "de-AT", "en"])).toBe("de");
  expect(preferred("xx", ["fr"])).toBe("en");
});
