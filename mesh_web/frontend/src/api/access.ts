// Accounts, tokens and the audit trail, for administrators.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as v from "valibot";
import type { Account, AuditFilter, AuditLine, Token } from "../domain/access";
import { call, callAll } from "./client";
import type { components } from "./openapi.gen";
import { type Accepts, listOf, moment, orNull, pageOf, record, type Schema, text } from "./schema";

const account = { name: v.string(), role: v.string(), namespaces: listOf(v.string()) };
const accountSchema = record(account) satisfies Schema<Account>;
const tokenSchema = record({
  ...account,
  id: v.number(),
  created: moment,
  expires: orNull(moment),
  last_used: orNull(moment),
}) satisfies Schema<Token>;
const newTokenSchema = v.object({ token: v.string() });
const lineSchema = record({
  at: moment,
  actor: text,
  action: text,
  target: text,
  status: v.number(),
  address: text,
}) satisfies Schema<AuditLine>;

type Rest = components["schemas"];
/** @public */
export type CheckedAccess = [
  Accepts<typeof accountSchema, Rest["AccountOut"]>,
  Accepts<typeof tokenSchema, Rest["TokenOut"]>,
  Accepts<typeof newTokenSchema, Rest["NewTokenOut"]>,
  Accepts<typeof lineSchema, Rest["AuditOut"]>,
];

const ACCOUNTS = ["accounts"] as const;
const TOKENS = ["tokens"] as const;
const REFRESH_MS = 10_000;

export const useAccounts = () =>
  useQuery({
    queryKey: ACCOUNTS,
    queryFn: ({ signal }) => callAll("/accounts", accountSchema, { signal }),
    refetchInterval: REFRESH_MS,
  });

export const useTokens = () =>
  useQuery({
    queryKey: TOKENS,
    queryFn: ({ signal }) => callAll("/tokens", tokenSchema, { signal }),
    refetchInterval: REFRESH_MS,
  });

/** What changes accounts or tokens also stands in the trail. */
function useChange<Given, Answer>(change: (given: Given) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all(
        [ACCOUNTS, TOKENS, ["audit"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      ),
  });
}

export interface NewAccount extends Account {
  readonly password: string;
}

export const useCreateAccount = () =>
  useChange((given: NewAccount) =>
    call("/accounts", accountSchema, { method: "POST", json: given }),
  );

const named = (name: string) => `/accounts/${encodeURIComponent(name)}` as const;

export const useSetPassword = () =>
  useChange(({ name, password }: { readonly name: string; readonly password: string }) =>
    call(`${named(name)}/password`, v.unknown(), { method: "PUT", json: { password } }),
  );

export const useDeleteAccount = () =>
  useChange((name: string) => call(named(name), v.unknown(), { method: "DELETE" }));

export interface NewToken extends Account {
  readonly lifetimeDays: number | null;
}

export const useCreateToken = () =>
  useChange(({ lifetimeDays, ...given }: NewToken) =>
    call("/tokens", newTokenSchema, {
      method: "POST",
      json: { ...given, lifetime_days: lifetimeDays },
    }),
  );

export const useDeleteToken = () =>
  useChange((id: number) => call(`/tokens/${id}`, v.unknown(), { method: "DELETE" }));

/** Newest first, page after page; told anew while only the first page is shown. */
export const useAudit = ({ actor, target, refused }: AuditFilter) =>
  useInfiniteQuery({
    queryKey: ["audit", actor, target, refused],
    queryFn: ({ signal, pageParam }) =>
      call("/audit", pageOf(lineSchema), {
        query: { actor, target, refused: refused ? true : null, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) < 2 ? REFRESH_MS : false),
  });
