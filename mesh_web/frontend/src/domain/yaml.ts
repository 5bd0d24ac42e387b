// Enough of YAML to colour it, and to write it.
import { isFields, type Json } from "./dump";

type TokenKind = "key" | "string" | "number" | "comment" | "mark" | "plain";
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const KEY = /^(\s*(?:- )*)([\w./"'-]+)(:)(?=\s|$)(.*)$/;

function scalar(text: string): Token[] {
  const comment = text.search(/(^|\s)#/);
  const value = comment === -1 ? text : text.slice(0, comment);
  const rest: Token[] = comment === -1 ? [] : [{ kind: "comment", text: text.slice(comment) }];
  if (value === "") return rest;
  const bare = value.trim();
  if (/^(["']).*\1$/.test(bare)) return [{ kind: "string", text: value }, ...rest];
  if (/^(-?[\d.]+(ms|s|m|h|%)?|true|false|null)$/.test(bare)) {
    return [{ kind: "number", text: value }, ...rest];
  }
  return [{ kind: "plain", text: value }, ...rest];
}

/** One line's tokens; joined, their texts are the line. */
export function yamlTokens(line: string): readonly Token[] {
  if (/^(---|\.\.\.)/.test(line)) return [{ kind: "mark", text: line }];
  const [, indent = "", key, colon = "", rest = ""] = KEY.exec(line) ?? [];
  if (key === undefined) {
    const [, dash = "", value = ""] = /^(\s*(?:- )*)(.*)$/.exec(line) ?? [];
    return dash === "" ? scalar(value) : [{ kind: "mark", text: dash }, ...scalar(value)];
  }
  const lead: Token[] = indent === "" ? [] : [{ kind: "mark", text: indent }];
  return [...lead, { kind: "key", text: key }, { kind: "mark", text: colon }, ...scalar(rest)];
}

const PLAIN = /^[A-Za-z_/][\w./@-]*(?: [\w./@-]+)*$/;
const WORDS_OF_YAML = /^(?:y|n|yes|no|on|off|true|false|null|~)$/i;

function written(value: string | number | boolean | null): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return PLAIN.test(value) && !WORDS_OF_YAML.test(value) ? value : JSON.stringify(value);
}

/** The value as block YAML, keys in their own order. */
export function toYaml(value: Json, indent = ""): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]\n";
    return value
      .map((one: Json) => `${indent}- ${toYaml(one, `${indent}  `).trimStart()}`)
      .join("");
  }
  if (!isFields(value)) return `${written(value as string)}\n`;
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}\n";
  return entries
    .map(([key, inner]) => {
      const nested = typeof inner === "object" && inner !== null && Object.keys(inner).length > 0;
      const block = toYaml(inner, Array.isArray(inner) ? indent : `${indent}  `);
      return `${indent}${written(key)}:${nested ? "\n" : " "}${block}`;
    })
    .join("");
}
