import { expect, test } from "vitest";
import { yamlTokens } from "./yaml";

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
