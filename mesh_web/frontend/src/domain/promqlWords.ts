// PromQL while it is typed: whether a metric, a function, a label or a label's value comes next.

export interface TypedPromql {
  readonly what: "name" | "label" | "value" | "nothing";
  /** The metric whose labels are typed, or "" where none stands before. */
  readonly metric: string;
  /** The label whose value is typed. */
  readonly label: string;
  readonly prefix: string;
  readonly from: number;
  readonly to: number;
}

interface Edited {
  readonly text: string;
  readonly caret: number;
}

/** What is asked most, with what each does. */
export const FUNCTIONS: Readonly<Record<string, string>> = {
  rate: "per second, over a range",
  increase: "growth over a range",
  irate: "per second, of the last two samples",
  sum: "added up",
  avg: "mean",
  max: "greatest",
  min: "least",
  count: "how many series",
  topk: "the greatest k",
  bottomk: "the least k",
  histogram_quantile: "a quantile of buckets",
  avg_over_time: "mean over a range",
  max_over_time: "greatest over a range",
  min_over_time: "least over a range",
  delta: "difference over a range",
  label_replace: "a label by a pattern",
  absent: "1 where nothing is",
};

const VALUE = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/;
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const GROUPED = /\b(?:by|without|on|ignoring)\s*\(([^()]*)$/;

/** The text from an open `{` on, and the metric before it; null outside of braces and in text. */
function inBraces(before: string): { readonly inside: string; readonly metric: string } | null {
  let open = -1;
  let quote = "";
  for (let i = 0; i < before.length; i++) {
    const c = before[i] ?? "";
    if (quote !== "") {
      if (c === "\\") i += 1;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'" || c === "`") quote = c;
    else if (c === "{") open = i;
    else if (c === "}") open = -1;
  }
  if (open === -1) return null;
  return { inside: before.slice(open + 1), metric: NAME.exec(before.slice(0, open))?.[0] ?? "" };
}

const inText = (before: string): boolean =>
  (before.replace(/\\./g, "").match(/"/g) ?? []).length % 2 === 1;

/** What the text around the caret asks to be completed. */
export function typedPromql(text: string, caret: number): TypedPromql {
  const before = text.slice(0, caret);
  const end = caret + (/^[a-zA-Z0-9_:]*/.exec(text.slice(caret))?.[0].length ?? 0);
  const nothing = { metric: "", label: "", prefix: "", from: caret, to: caret };
  const braces = inBraces(before);
  const value = braces === null ? null : VALUE.exec(braces.inside);
  if (value !== null) {
    const [, label = "", prefix = ""] = value;
    const rest = /^(?:[^"\\]|\\.)*/.exec(text.slice(caret))?.[0].length ?? 0;
    const metric = braces?.metric ?? "";
    return { what: "value", metric, label, prefix, from: caret - prefix.length, to: caret + rest };
  }
  if (inText(before)) return { what: "nothing", ...nothing };
  const prefix = NAME.exec(before)?.[0] ?? "";
  const word = { ...nothing, prefix, from: caret - prefix.length, to: end };
  if (braces !== null) return { ...word, what: "label", metric: braces.metric };
  if (GROUPED.test(before)) return { ...word, what: "label" };
  // a range or a number is not a name
  if (prefix === "" && /[[\d.)\]}]\s*$/.test(before)) return { what: "nothing", ...nothing };
  return /[\d[][a-zA-Z]*$/.test(before)
    ? { what: "nothing", ...nothing }
    : { ...word, what: "name" };
}

/** The text with what was typed replaced by a choice; a function opens its bracket. */
export function completedPromql(text: string, typed: TypedPromql, choice: string): Edited {
  const rest = text.slice(typed.to);
  const inLabels = typed.what === "label" && typed.metric !== "";
  const tail =
    typed.what === "name" && choice in FUNCTIONS && !rest.startsWith("(")
      ? "("
      : inLabels && !/^\s*[=!]/.test(rest)
        ? '="'
        : typed.what === "value" && !rest.startsWith('"')
          ? '"'
          : "";
  const skipped = typed.what === "value" && rest.startsWith('"') ? 1 : 0;
  const word = typed.what === "value" ? choice.replace(/["\\]/g, "\\$&") : choice;
  const done = `${word}${tail}`;
  return {
    text: text.slice(0, typed.from) + done + rest,
    caret: typed.from + done.length + skipped,
  };
}

const MOST = 60;

/** Those that contain what was typed, those that begin with it first. */
export function matching(names: readonly string[], prefix: string): readonly string[] {
  const wanted = prefix.toLowerCase();
  const found = names.filter((name) => name !== prefix && name.toLowerCase().includes(wanted));
  const begins = (name: string) => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b)).slice(0, MOST);
}
