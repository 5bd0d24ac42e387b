import { expect, test } from "vitest";
import {
  accountOf,
  broughtLife,
  type Certificate,
  holderName,
  lifeLeft,
  ownLife,
  phaseSteps,
  renewsAbout,
} from "./certificates";
import { unixSeconds } from "./units";

const at = unixSeconds;
const DAY = 86_400;
const certificate: Certificate = {
  proxy: "sidecar~127.66.0.2~cart-1.shop~shop.svc.cluster.local",
  namespace: "shop",
  pod: "cart-1",
  workload: "cart",
  identity: "spiffe://cluster.local/ns/shop/sa/cart",
  serial: "1f",
  issuer: "ab",
  issuedAt: at(0),
  expiresAt: at(DAY),
  renewing: false,
};

test("what is left of a life shrinks from all to nothing, and not below", () => {
  const left = [-1, 0, DAY / 4, DAY, 2 * DAY].map((now) => lifeLeft(at(0), at(DAY), at(now)));
  expect(left).toEqual([1, 1, 0.75, 0, 0]);
  expect(lifeLeft(at(5), at(5), at(5))).toBe(0);
});

test("an agent renews at half of a life; a certificate that nobody told of has no such moment", () => {
  expect(renewsAbout(certificate)).toBe(DAY / 2);
  expect(renewsAbout({ ...certificate, issuedAt: null })).toBe(null);
});

test("a certificate that should long have been renewed is told of before it ends", () => {
  const lives = [0.5, 0.76, 1].map((part) => ownLife(certificate, at(part * DAY)));
  expect(lives).toEqual(["good", "soon", "over"]);
});

test("people are told three weeks ahead, or in the last third of a short life", () => {
  const year = { notBefore: at(0), notAfter: at(365 * DAY) };
  const week = { notBefore: at(0), notAfter: at(7 * DAY) };
  expect([-1, 300, 345, 365].map((day) => broughtLife(year, at(day * DAY)))).toEqual([
    "not yet",
    "good",
    "soon",
    "over",
  ]);
  expect([4, 5].map((day) => broughtLife(week, at(day * DAY)))).toEqual(["good", "soon"]);
});

test("a rotation has three phases there, two on the way back, none left at its end", () => {
  const states = (phase: string) => phaseSteps(phase).map((one) => `${one.phase} ${one.state}`);
  expect(states("issuing")).toEqual(["distributing done", "issuing now", "withdrawing to come"]);
  expect(states("returning")).toEqual(["returning now", "dropping to come"]);
  expect(phaseSteps("done").every((one) => one.state === "done")).toBe(true);
  expect(phaseSteps("aborted").map((one) => one.state)).toEqual(["done", "done"]);
});

test("identities and holders are named as people name them", () => {
  expect(accountOf(certificate.identity)).toBe("shop/cart");
  expect(accountOf("spiffe://cluster.local/agent/local")).toBe(
    "spiffe://cluster.local/agent/local",
  );
  const names = [certificate.proxy, "agent local"].map((name) =>
    holderName({ kind: "", name, lacks: "" }),
  );
  expect(names).toEqual(["cart-1.shop", "agent local"]);
});
