import { expect, test } from "vitest";
import { type Effects, groupTitle, leftOutSentence, makerOf, turnoverSentence } from "./effects";

const effects: Effects = { proxies: 0, pods: [], groups: [], leftOutGroups: 0, leftOutChanges: 0 };
const proxy = { id: "a", pod: "cart-1", namespace: "shop" };

test("a group is named by its count, and one proxy by its name", () => {
  expect(groupTitle({ count: 12, proxies: [proxy], changes: [] })).toBe("12 proxies");
  expect(groupTitle({ count: 1, proxies: [proxy], changes: [] })).toBe("cart-1.shop");
});

test("what a long answer leaves out is said", () => {
  expect(leftOutSentence(effects)).toBe("");
  expect(leftOutSentence({ ...effects, leftOutGroups: 3, leftOutChanges: 12 })).toBe(
    "… and 3 more groups of proxies, 12 more changes",
  );
});

test("an origin is a resource and a place in it", () => {
  expect(makerOf("VirtualService shop/cart spec.http[0]")).toEqual({
    resource: "VirtualService shop/cart",
    path: "spec.http[0]",
  });
  expect(makerOf("DestinationRule shop/cart")).toEqual({
    resource: "DestinationRule shop/cart",
    path: "",
  });
});

test("it is said how many pods start and end", () => {
  const cart = { namespace: "shop", workload: "cart-v1" };
  expect(turnoverSentence({ ...cart, starts: 2, ends: 1 })).toBe(
    "cart-v1.shop: 2 pods start, 1 pod ends",
  );
  expect(turnoverSentence({ ...cart, starts: 0, ends: 3 })).toBe("cart-v1.shop: 3 pods end");
});
