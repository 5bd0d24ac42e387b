import { describe, expect, test } from "vitest";
import { completedPromql, matching, typedPromql } from "./promqlWords";

const split = (text: string) => [text.replace("|", ""), text.indexOf("|")] as const;
const at = (text: string) => {
  const { what, metric, label, prefix } = typedPromql(...split(text));
  return [what, metric, label, prefix];
};
const chosen = (text: string, choice: string) => {
  const [plain, caret] = split(text);
  const done = completedPromql(plain, typedPromql(plain, caret), choice);
  return `${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`;
};

describe("PromQL while it is typed", () => {
  test("what comes next is known by where the caret stands", () => {
    expect(at("su|")).toEqual(["name", "", "", "su"]);
    expect(at("sum(rate(istio_r|[1m]))")).toEqual(["name", "", "", "istio_r"]);
    expect(at("a{b|")).toEqual(["label", "a", "", "b"]);
    expect(at('a{x="1", b|}')).toEqual(["label", "a", "", "b"]);
    expect(at('a{x=~"1|"}')).toEqual(["value", "a", "x", "1"]);
    expect(at("sum by (des|")).toEqual(["label", "", "", "des"]);
  });

  test("nothing is offered in ranges, numbers and other texts", () => {
    expect(at("a[5m|]")[0]).toBe("nothing");
    expect(at("a + 5|")[0]).toBe("nothing");
    expect(at('label_replace(a, "x|')[0]).toBe("nothing");
    expect(at('a{x="}"}|')[0]).toBe("nothing");
  });

  test("a choice brings what follows it, once", () => {
    expect(chosen("ra|", "rate")).toBe("rate(|");
    expect(chosen("ra|(x)", "rate")).toBe("rate|(x)");
    expect(chosen("a{b|}", "bar")).toBe('a{bar="|}');
    expect(chosen('a{b="x|"}', 'y"z')).toBe('a{b="y\\"z"|}');
    expect(chosen('a{b="|', "y")).toBe('a{b="y"|');
    expect(chosen("sum by (des|) (a)", "destination")).toBe("sum by (destination|) (a)");
  });

  test("names that begin with what was typed come first", () => {
    expect(matching(["my_rate", "rate_a", "x"], "rate")).toEqual(["rate_a", "my_rate"]);
  });
});
