import { expect, test } from "vitest";
import { asked, type Ended, headersOf, percentText, toneOf } from "./explain";

test("headers are read line by line, and values keep their colons", () => {
  expect(headersOf("x-user: ann\n\n x-at : 10:20 \nbare")).toEqual([
    { name: "x-user", value: "ann" },
    { name: "x-at", value: "10:20" },
    { name: "bare", value: "" },
  ]);
});

test("claims stand where a token would", () => {
  const question = { source: "a/b", method: "GET", url: "c", headers: "", documents: "" };
  expect(asked({ ...question, token: ' {"sub": "ann"}' })).toEqual({
    ...question,
    headers: [],
    claims: { sub: "ann" },
  });
  expect(asked({ ...question, token: "a.b.c " })).toEqual({
    ...question,
    headers: [],
    token: "a.b.c",
  });
});

test("what the mesh refuses is bad, what it answers a warning", () => {
  const ended: Ended = {
    share: 100,
    ending: "answered",
    by: "",
    message: "",
    status: 403,
    grpcStatus: null,
    flags: "",
    details: "",
    location: "",
  };
  expect(toneOf(ended)).toBe("bad");
  expect(toneOf({ ...ended, status: 301 })).toBe("warning");
  expect(toneOf({ ...ended, status: 200, grpcStatus: 7 })).toBe("bad");
  expect(toneOf({ ...ended, ending: "application", status: null })).toBe("good");
  expect(toneOf({ ...ended, ending: "closed", status: null })).toBe("bad");
});

test("shares are short", () => {
  expect(percentText(33.3333)).toBe("33.33 %");
  expect(percentText(100)).toBe("100 %");
});
