import { expect, test } from "vitest";
import {
  auditFilter,
  auditHref,
  badNamespace,
  freshPassword,
  mayBeBound,
  namespacesOf,
  ROLES,
  reach,
  statusTone,
} from "./access";

test("where somebody may change things is said in words", () => {
  const of = (role: string, ...namespaces: string[]) => reach({ name: "eve", role, namespaces });
  expect(of("viewer", "shop")).toBe("nothing");
  expect(of("operator")).toBe("the whole mesh");
  expect(of("operator", "cart", "shop")).toBe("cart, shop");
  expect(ROLES.filter(mayBeBound)).toEqual(["operator"]);
});

test("namespaces are typed with commas or blanks between, each once", () => {
  expect(namespacesOf(" shop,cart  shop\ndefault ")).toEqual(["cart", "default", "shop"]);
  expect(namespacesOf("")).toEqual([]);
  expect(badNamespace(["shop", "istio-ingress"])).toBeNull();
  expect(badNamespace(["shop", "Shop!"])).toBe("Shop!");
});

test("a fresh password is long, and no letter is likelier than another", () => {
  const counting = (bytes: Uint8Array<ArrayBuffer>) => bytes.map((_, at) => 255 - at * 8);
  const password = freshPassword(counting);
  expect(password).toHaveLength(20);
  expect(password).toMatch(/^[a-km-np-zA-HJ-NP-Z2-9]+$/);
  const seen = new Set(
    Array.from({ length: 50 }, () => freshPassword((b) => crypto.getRandomValues(b))),
  );
  expect(seen.size).toBe(50);
});

test("an address and what is looked for in the trail are the same", () => {
  const filter = { actor: "eve", target: "weights", refused: true };
  const href = auditHref(filter);
  expect(href).toBe("/access/audit?actor=eve&target=weights&refused=1");
  expect(auditFilter(new URL(href, "http://mesh").searchParams)).toEqual(filter);
  expect(auditHref(auditFilter(new URLSearchParams()))).toBe("/access/audit");
});

test("what was refused looks other than what was done and what failed", () => {
  expect([200, 302, 403, 503].map(statusTone)).toEqual(["good", "good", "warning", "bad"]);
});
