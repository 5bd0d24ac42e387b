import { describe, expect, test } from "vitest";
import { completed, positionIn, term, typedAt, withTerm } from "./words";

const at = (text: string) => {
  const caret = text.indexOf("|");
  return typedAt(text.replace("|", ""), caret);
};
const chosen = (text: string, choice: string) => {
  const caret = text.indexOf("|");
  const plain = text.replace("|", "");
  const done = completed(plain, typedAt(plain, caret), choice);
  return `${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`;
};

describe("the word query while it is typed", () => {
  test("a key is asked for at the beginning, after a word and after a bracket", () => {
    expect(at("|")).toEqual({ what: "key", key: "", prefix: "", from: 0, to: 0 });
    expect(at("error AND ht|tp")).toEqual({ what: "key", key: "", prefix: "ht", from: 10, to: 14 });
    expect(at("NOT (ht|)").prefix).toBe("ht");
  });

  test("a value is asked for after an operator, bare and in quotes", () => {
    expect(at("http.method=G|")).toEqual({
      what: "value",
      key: "http.method",
      prefix: "G",
      from: 12,
      to: 13,
    });
    expect(at('"a b" != "x y|z" OR c')).toEqual({
      what: "value",
      key: "a b",
      prefix: "x y",
      from: 9,
      to: 15,
    });
    expect(at('a="b" c|').what).toBe("key");
  });

  test("a choice replaces what was typed and puts the caret where one goes on", () => {
    expect(chosen("ht|", "http.method")).toBe("http.method=|");
    expect(chosen("ht|=GET", "http.method")).toBe("http.method|=GET");
    expect(chosen("dur|", "duration")).toBe("duration>|");
    expect(chosen("a=G|", "GET")).toBe("a=GET |");
    expect(chosen('a="G|E" AND b', '"GET x"')).toBe('a="GET x"| AND b');
  });

  test("a press adds a term once, beside what was asked", () => {
    expect(withTerm("", term("http.method", "GET"))).toBe("http.method=GET");
    expect(withTerm("a=1 OR b=2", term("c", "x y"))).toBe('(a=1 OR b=2) AND c="x y"');
    expect(withTerm("a=1 AND c=2", term("c", "2"))).toBe("a=1 AND c=2");
    expect(withTerm('a="x or y"', term("b", "1"))).toBe('a="x or y" AND b=1');
  });

  test("keys that would be read as something else are in quotes, and so are words", () => {
    expect(term("service", "a")).toBe('"service"=a');
    expect(term("service", "a", true)).toBe("service=a");
    expect(term("span.kind", "or")).toBe('"span.kind"="or"');
    expect(term("k", '<script>"x"</script>')).toBe('k="<script>\\"x\\"</script>"');
  });

  test("the server's position is read from its sentence", () => {
    expect(positionIn("this quote is never closed (at character 5)")).toBe(4);
    expect(positionIn("no")).toBeNull();
  });
});
