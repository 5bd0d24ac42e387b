// What one revision changed in each Envoy.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";
import { effectsSchema } from "./schema";

/** What one revision changed in each Envoy, seen for those that run now. */
export const useRevisionEffects = (number: number) =>
  useQuery({
    queryKey: ["effects", number],
    queryFn: ({ signal }) => call(`/revisions/${number}/effects`, effectsSchema, { signal }),
    staleTime: 30_000,
  });
