/** What the page says, in the reader's language: one JSON file a language, English is the one that all others follow. */
import en from "./en.json";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

/** Plurals are keys of their own, `key#one` and `key#other`, chosen by the value `n`. */
export type Message = keyof typeof en extends infer K ? (K extends `${infer Base}#${string}` ? Base : K) : never;
export type Messages = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;

/** Values that hold words from outside. */
const OUTSIDE: ReadonlySet<string> = new Set(["name", "why"]);

/** Others than English are fetched when somebody wants them. */
export async function messagesOf(language: Language): Promise<Messages> {
  return language === "de" ? (await import("./de.json")).default : en;
}

/** The language that was chosen before, or the best of those the browser asks for. */
export function preferred(chosen: string | null, wanted: readonly string[]): Language {
  const known = [chosen ?? "", ...wanted].map((one) => one.slice(0, 2).toLowerCase());
  return known.find((one): one is Language => one in LANGUAGES) ?? "en";
}

/**
 * A message with its values put in. Words from outside (a file's name, say) are isolated, so that ones that are read
 * from right to left turn nothing else around.
 */
export function say(messages: Messages, language: string, key: string, values: Values = {}): string {
  const text = (typeof values["n"] === "number" ? plural(messages, language, key, values["n"]) : messages[key]) ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? "";
    if (typeof value === "number") return new Intl.NumberFormat(language).format(value);
    return OUTSIDE.has(name) && value !== "" ? `\u2068${value}\u2069` : value;
  });
}

/** Words of the server's, which are English, in this language where they are known; else as they are. */
export function translated(messages: Messages, words: string): string {
  return messages[`said.${words}`] ?? words;
}

function plural(messages: Messages, language: string, key: string, n: number): string | undefined {
  return messages[`${key}#${new Intl.PluralRules(language).select(n)}`] ?? messages[`${key}#other`] ?? messages[key];
}
