// The word query of traces: what is being typed, what completes it, and terms added by a press.

/** What the caret stands in: a key, or the value of one. `from` to `to` is what a choice replaces. */
export interface Typed {
  readonly what: "key" | "value";
  /** The key whose value is being typed. */
  readonly key: string;
  readonly prefix: string;
  readonly from: number;
  readonly to: number;
}

export interface Edited {
  readonly text: string;
  readonly caret: number;
}

/** Fields that every span has, with what their values may be. */
export const FIELDS: Readonly<Record<string, readonly string[]>> = {
  service: [],
  operation: [],
  namespace: [],
  workload: [],
  duration: ["10ms", "100ms", "1s"],
  error: ["true", "false"],
  kind: ["server", "client", "producer", "consumer", "internal"],
  status: ["unset", "ok", "error"],
};

const NAME = `(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s()=!<>~"']+))\\s*(?:=~|!~|!=|<=|>=|=|<|>)\\s*`;
const QUOTED_VALUE = new RegExp(`${NAME}"((?:[^"\\\\]|\\\\.)*)$`);
const BARE_VALUE = new RegExp(`${NAME}([^\\s()=!<>~"']*)$`);
const BARE = /^[^\s()=!<>~"']*/;
const BARE_BEFORE = /[^\s()=!<>~"']*$/;
const PLAIN = /^[^\s()=!<>~"'\\]+$/;
const RESERVED: readonly string[] = ["and", "or", "not", "exists"];

const unquoted = (text: string): string => text.replace(/\\(.)/g, "$1");

/** What the text around the caret asks to be completed. */
export function typedAt(text: string, caret: number): Typed {
  const before = text.slice(0, caret);
  const after = text.slice(caret);
  const bareEnd = caret + (BARE.exec(after)?.[0].length ?? 0);
  const quoted = QUOTED_VALUE.exec(before);
  const value = quoted ?? BARE_VALUE.exec(before);
  if (value !== null) {
    const [, quotedKey, key = "", prefix = ""] = value;
    const closed = /^(?:[^"\\]|\\.)*"/.exec(after)?.[0].length ?? 0;
    return {
      what: "value",
      key: quotedKey === undefined ? key : unquoted(quotedKey),
      prefix: quoted === null ? prefix : unquoted(prefix),
      from: caret - prefix.length - (quoted === null ? 0 : 1),
      to: quoted === null ? bareEnd : caret + closed,
    };
  }
  const prefix = BARE_BEFORE.exec(before)?.[0] ?? "";
  return { what: "key", key: "", prefix, from: caret - prefix.length, to: bareEnd };
}

const escaped = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** A value as the query reads it: bare where it can be. */
export const writtenValue = (value: string): string =>
  PLAIN.test(value) && !RESERVED.includes(value.toLowerCase()) ? value : escaped(value);

/** An attribute's key, in quotes where something else would be read instead of it. */
export function writtenKey(key: string): string {
  const elsewhere = /^(span|resource|scope|event|link)\./.test(key) || key in FIELDS;
  const other = ["name", "trace", "trace_id", "span.kind", "status.message", ...RESERVED];
  return PLAIN.test(key) && !elsewhere && !other.includes(key.toLowerCase()) ? key : escaped(key);
}

/** The text with what was being typed replaced by a choice, as the query reads it. */
export function completed(text: string, typed: Typed, choice: string): Edited {
  const rest = text.slice(typed.to);
  const operator = choice === "duration" ? ">" : "=";
  const tail =
    typed.what === "key"
      ? /^\s*[=!<>]/.test(rest)
        ? ""
        : operator
      : rest.startsWith(" ") || rest.startsWith(")")
        ? ""
        : " ";
  const word = `${choice}${tail}`;
  return { text: text.slice(0, typed.from) + word + rest, caret: typed.from + word.length };
}

/** One term: `key` is an attribute's, or a field's where `field`. */
export const term = (key: string, value: string, field = false): string =>
  `${field ? key : writtenKey(key)}=${writtenValue(value)}`;

/** The query with one more term that must hold, once. */
export function withTerm(query: string, added: string): string {
  const old = query.trim();
  if (old === "" || old === added) return added;
  if (old.endsWith(` AND ${added}`) || old.startsWith(`${added} AND `)) return old;
  const choice = /\bor\b/i.test(old.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
  return `${choice ? `(${old})` : old} AND ${added}`;
}

/** Where the server says it stopped to understand: characters from 0, or null. */
export function positionIn(message: string): number | null {
  const found = /\(at character (\d+)\)/.exec(message);
  return found === null ? null : Number(found[1]) - 1;
}
