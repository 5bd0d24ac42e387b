// Enough of YAML's shape to colour it.

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
