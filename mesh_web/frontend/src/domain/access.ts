// Who may come in: accounts, tokens, and the trail of what they did.
import type { Tone } from "./mesh";
import type { UnixSeconds } from "./units";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** What a role is for, in a sentence. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: "Reads everything, changes nothing.",
  operator: "Reads everything, changes the mesh or, if bound, the namespaces named.",
  admin: "Changes the mesh, accounts, tokens and the certificate authority.",
};

export interface Account {
  readonly name: string;
  readonly role: string;
  /** Empty: bound to none. */
  readonly namespaces: readonly string[];
}

export interface Token extends Account {
  readonly id: number;
  readonly created: UnixSeconds;
  /** Null: never. */
  readonly expires: UnixSeconds | null;
  readonly lastUsed: UnixSeconds | null;
}

export interface AuditLine {
  readonly at: UnixSeconds;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly status: number;
  readonly address: string;
}

/** Only who changes the mesh can be bound to a part of it: reading is free, accounts are for all of it. */
export const mayBeBound = (role: string): boolean => role === "operator";

/** Where somebody may change things, in words. */
export function reach({ role, namespaces }: Account): string {
  if (role === "viewer") return "nothing";
  return namespaces.length === 0 ? "the whole mesh" : namespaces.join(", ");
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Namespaces as they are typed, with commas or blanks between. */
export function namespacesOf(typed: string): readonly string[] {
  return [...new Set(typed.split(/[\s,]+/).filter((one) => one !== ""))].sort();
}

/** The first that no namespace can be called; null: all are well. */
export const badNamespace = (names: readonly string[]): string | null =>
  names.find((name) => !NAMESPACE.test(name)) ?? null;

// without those that look alike, for passwords are read aloud and typed, too
const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const PASSWORD_LENGTH = 20;

/** A password that nobody guesses; `random` fills an array with random bytes. */
export function freshPassword(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): string {
  let password = "";
  // bytes beyond the last whole set of letters would make some letters likelier than others
  const limit = 256 - (256 % LETTERS.length);
  while (password.length < PASSWORD_LENGTH) {
    for (const byte of random(new Uint8Array(PASSWORD_LENGTH))) {
      if (byte < limit && password.length < PASSWORD_LENGTH) {
        password += LETTERS[byte % LETTERS.length];
      }
    }
  }
  return password;
}

export const LIFETIMES: readonly { readonly days: number | null; readonly label: string }[] = [
  { days: 1, label: "1 day" },
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
  { days: null, label: "no end" },
];

export const statusTone = (status: number): Tone =>
  status >= 500 ? "bad" : status >= 400 ? "warning" : "good";

export interface AuditFilter {
  readonly actor: string;
  readonly target: string;
  readonly refused: boolean;
}

export const auditFilter = (search: URLSearchParams): AuditFilter => ({
  actor: search.get("actor") ?? "",
  target: search.get("target") ?? "",
  refused: search.get("refused") === "1",
});

/** The shortest address that `auditFilter` reads back as this filter. */
export function auditHref({ actor, target, refused }: AuditFilter): string {
  const params = new URLSearchParams();
  if (actor !== "") params.set("actor", actor);
  if (target !== "") params.set("target", target);
  if (refused) params.set("refused", "1");
  const words = params.toString();
  return words === "" ? "/access/audit" : `/access/audit?${words}`;
}
