// Who is who in the mesh: certificates, the roots they lead to, and how a root is replaced.
import { type Ratio, ratio, type UnixSeconds, unixSeconds } from "./units";

/** What a proxy holds. `issuer` is its root's SHA-256; what no agent has told of is empty. */
export interface Certificate {
  readonly proxy: string;
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly identity: string;
  readonly serial: string;
  readonly issuer: string;
  readonly issuedAt: UnixSeconds | null;
  readonly expiresAt: UnixSeconds;
  readonly renewing: boolean;
}

/** Of a Secret that a user brought; `authority`: others' certificates are checked with it. */
export interface ServedCertificate {
  readonly namespace: string;
  readonly name: string;
  readonly subject: string;
  readonly issuer: string;
  readonly sans: readonly string[];
  readonly serial: string;
  readonly notBefore: UnixSeconds;
  readonly notAfter: UnixSeconds;
  readonly authority: boolean;
  readonly gateways: readonly string[];
}

export interface Root {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notBefore: UnixSeconds;
  readonly notAfter: UnixSeconds;
  readonly trusted: boolean;
  readonly signs: boolean;
}

export interface Holder {
  readonly kind: string;
  readonly name: string;
  readonly lacks: string;
}

/** A root that replaces another; `waiting` have not proved the phase yet. */
export interface Rotation {
  readonly number: number;
  readonly phase: string;
  readonly automatic: boolean;
  readonly open: boolean;
  readonly old: string;
  readonly new: string;
  readonly startedBy: string;
  readonly startedAt: UnixSeconds;
  readonly phaseSince: UnixSeconds;
  readonly endedAt: UnixSeconds | null;
  readonly proved: number;
  readonly total: number;
  readonly waiting: readonly Holder[];
}

export interface Roots {
  readonly roots: readonly Root[];
  readonly rotation: Rotation | null;
}

/** How much of a lifetime is left, 0 to 1. */
export function lifeLeft(from: UnixSeconds, until: UnixSeconds, now: UnixSeconds): Ratio {
  if (until <= from) return ratio(0);
  return ratio(Math.min(1, Math.max(0, (until - now) / (until - from))));
}

/** When an agent makes a certificate anew: about half of its life, so that a fleet spreads out. */
export const renewsAbout = ({ issuedAt, expiresAt }: Certificate): UnixSeconds | null =>
  issuedAt === null ? null : unixSeconds(issuedAt + (expiresAt - issuedAt) / 2);

export type Life = "good" | "soon" | "over" | "not yet";

const DAY = 86_400;
/** Whoever brings a certificate needs this long to bring another. */
const NOTICE_SECONDS = 21 * DAY;

/** A workload's own: an agent should have renewed it at half of its life; a quarter is late. */
export function ownLife(one: Certificate, now: UnixSeconds): Life {
  if (one.expiresAt <= now) return "over";
  if (one.issuedAt === null) return one.expiresAt - now < 3600 ? "soon" : "good";
  return lifeLeft(one.issuedAt, one.expiresAt, now) < 0.25 ? "soon" : "good";
}

/** One that people renew: three weeks ahead is soon, or a third of a short life. */
export function broughtLife(
  one: { readonly notBefore: UnixSeconds; readonly notAfter: UnixSeconds },
  now: UnixSeconds,
): Life {
  if (one.notAfter <= now) return "over";
  if (one.notBefore > now) return "not yet";
  const notice = Math.min(NOTICE_SECONDS, (one.notAfter - one.notBefore) / 3);
  return one.notAfter - now < notice ? "soon" : "good";
}

export interface PhaseStep {
  readonly phase: string;
  readonly title: string;
  readonly meaning: string;
  readonly state: "done" | "now" | "to come";
}

const FORWARD = [
  {
    phase: "distributing",
    title: "Both are trusted",
    meaning: "The new root is given to everybody; the old one still signs.",
  },
  {
    phase: "issuing",
    title: "The new one signs",
    meaning: "Everybody's certificate is made anew under the new root.",
  },
  {
    phase: "withdrawing",
    title: "Only the new one is trusted",
    meaning: "The old root is taken away from everybody, and deleted.",
  },
] as const;
const BACK = [
  {
    phase: "returning",
    title: "The old one signs again",
    meaning: "Everybody's certificate is made anew under the old root.",
  },
  {
    phase: "dropping",
    title: "Only the old one is trusted",
    meaning: "The new root is taken away from everybody, and deleted.",
  },
] as const;

const ENDED: readonly string[] = ["done", "aborted"];

/** The phases that a rotation goes through, on the way there or on the way back. */
export function phaseSteps(phase: string): readonly PhaseStep[] {
  const steps = BACK.some((one) => one.phase === phase) || phase === "aborted" ? BACK : FORWARD;
  const here = ENDED.includes(phase) ? steps.length : steps.findIndex((one) => one.phase === phase);
  return steps.map((one, i) => ({
    ...one,
    state: i < here ? "done" : i === here ? "now" : "to come",
  }));
}

/** An abort has a way back only while the old root is trusted by all. */
export const mayAbort = ({ phase }: Rotation): boolean =>
  phase === "distributing" || phase === "issuing";

/** The service account in a SPIFFE identity; all of it where it has another form. */
export function accountOf(identity: string): string {
  const [, namespace, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity) ?? [];
  return namespace === undefined ? identity : `${namespace}/${account}`;
}

/** "cart-1.shop" of a proxy's id, else the name as it is. */
export const holderName = ({ name }: Holder): string => name.split("~")[2] ?? name;
