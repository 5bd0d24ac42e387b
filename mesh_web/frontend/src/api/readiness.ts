// What Meshweb finds wrong with itself, asked now and then.
import { useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import { troubles } from "../domain/readiness";

const checksSchema = v.object({
  checks: v.array(
    v.object({ name: v.string(), ok: v.boolean(), said: v.string(), mend: v.string() }),
  ),
});

const WELL_MS = 60_000;
const AILING_MS = 10_000;

/** Nothing where it cannot be asked: the page's own questions tell that. */
async function ask(signal: AbortSignal): Promise<readonly string[]> {
  const response = await fetch("/readyz?checks", { signal, credentials: "same-origin" });
  const found = v.safeParse(checksSchema, await response.json());
  return found.success ? troubles(found.output.checks) : [];
}

export const useTroubles = (): readonly string[] =>
  useQuery({
    queryKey: ["readiness"],
    queryFn: ({ signal }) => ask(signal),
    retry: false,
    staleTime: AILING_MS,
    refetchInterval: ({ state }) => ((state.data?.length ?? 0) > 0 ? AILING_MS : WELL_MS),
  }).data ?? [];
