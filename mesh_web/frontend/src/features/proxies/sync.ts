// The kinds of configuration a proxy acknowledges, and how its answer reads.
import type { Tone } from "../../domain/mesh";

export const TYPES = ["CDS", "EDS", "LDS", "RDS", "SDS"] as const;

export function syncTone(state: string): Tone {
  const upper = state.toUpperCase();
  if (upper === "SYNCED") return "good";
  if (upper === "ERROR" || upper === "NACK" || upper === "REJECTED") return "bad";
  return upper.startsWith("NOT") ? "neutral" : "warning";
}
