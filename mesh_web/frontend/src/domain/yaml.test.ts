import { describe, expect, test } from "vitest";
import { toYaml, yamlTokens } from "./yaml";

test("colours never change the text", () => {
  const text = `apiVersion: v1 # the version
- weight: 10
  hosts: ["*"]
---
key with spaces
    - 'quoted'
url: http://a:80/x#y
`;
  for (const line of text.split("\n")) {
    expect(
      yamlTokens(line)
        .map((token) => token.text)
        .join(""),
    ).toBe(line);
  }
});

test("keys, numbers and comments are told apart", () => {
  expect(yamlTokens("  weight: 10 # ten").map((token) => token.kind)).toEqual([
    "mark",
    "key",
    "mark",
    "number",
    "comment",
  ]);
});

describe("writing YAML", () => {
  test("lists stand below their keys, words of the language and numbers as text are quoted", () => {
    const value = {
      apiVersion: "networking.istio.io/v1",
      metadata: { name: "reviews", labels: {} },
      spec: {
        hosts: ["reviews", "*.local"],
        http: [{ match: [{ headers: { "end-user": { exact: "yes" } } }], timeout: "5s" }, []],
        weight: 90,
        on: true,
      },
    };
    expect(toYaml(value)).toBe(
      [
        "apiVersion: networking.istio.io/v1",
        "metadata:",
        "  name: reviews",
        "  labels: {}",
        "spec:",
        "  hosts:",
        "  - reviews",
        '  - "*.local"',
        "  http:",
        "  - match:",
        "    - headers:",
        "        end-user:",
        '          exact: "yes"',
        '    timeout: "5s"',
        "  - []",
        "  weight: 90",
        '  "on": true',
        "",
      ].join("\n"),
    );
  });
});
