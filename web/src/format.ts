/** Numbers and times as a person reads them. Pure: locale, and where it matters the time, are arguments. */

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
const STEP = 1024;

/**
 * A size in bytes, with three digits at most: "48.2 kB". As file managers mostly do, a kB is 1,024 bytes, so that the
 * default limit of 104,857,600 bytes is "100 MB".
 */
export function formatBytes(bytes: number, locale: string): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (unit < UNITS.length - 1 && Number(value.toPrecision(3)) >= 1000) {
    value /= STEP;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  return `${number}\u00a0${UNITS[unit]}`;
}

/** What is missing, rounded up in its unit: who frees this much has enough. */
export function formatBytesUp(bytes: number, locale: string): string {
  let unit = 1;
  while (bytes / unit >= 1000) unit *= STEP;
  const tenth = unit === 1 ? 1 : unit / 10;
  return formatBytes(Math.ceil(bytes / tenth) * tenth, locale);
}

/** Seconds as "8 s", "2 min" or "1 h 20 min"; rounded up, since a promise that is kept early is kept. */
export function formatSeconds(seconds: number, locale: string): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60) return unit(whole, "second", locale);
  const minutes = Math.ceil(whole / 60);
  if (minutes < 60) return unit(minutes, "minute", locale);
  const hours = unit(Math.floor(minutes / 60), "hour", locale);
  return minutes % 60 === 0 ? hours : `${hours} ${unit(minutes % 60, "minute", locale)}`;
}

function unit(value: number, name: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
}

/** A share of one as "82 %", never "100 %" before it is whole, and never "0 %" once there is something. */
export function formatShare(share: number, locale: string): string {
  const bounded = share <= 0 ? 0 : share >= 1 ? share : Math.min(0.99, Math.max(0.01, share));
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(bounded);
}

const AGES: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** A time as "5 minutes ago" within a week, else as a date; "now" within the minute, and for clocks that differ a little. */
export function formatAge(time: string, now: number, locale: string): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return "";
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds >= 7 * 86_400) return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(at);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [name, length] of AGES) {
    if (seconds >= length) return words.format(-Math.floor(seconds / length), name);
  }
  return words.format(0, "second");
}

/** Date and time in full, for a detail or a tooltip. */
export function formatTime(time: string, locale: string): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return "";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(at);
}
