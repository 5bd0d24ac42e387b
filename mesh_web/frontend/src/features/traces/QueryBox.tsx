// The search in words, with the keys and values that spans have offered while it is typed.
import { useState } from "react";
import type { ApiError } from "../../api/client";
import { useSuggestions } from "../../api/traces";
import type { TraceSearch } from "../../domain/traceView";
import {
  completed,
  FIELDS,
  positionIn,
  type Typed,
  typedAt,
  writtenKey,
  writtenValue,
} from "../../domain/words";
import { SuggestBox, type Suggestion } from "../../ui/SuggestBox";

const MAX_FIELDS = 8;

/** The attribute whose values hold those of a field. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  service: "service.name",
  workload: "k8s.deployment.name",
  namespace: "k8s.namespace.name",
};

function fixed(typed: Typed): readonly Suggestion[] {
  const starts = (one: string) => one.toLowerCase().startsWith(typed.prefix.toLowerCase());
  if (typed.what === "key") {
    return Object.keys(FIELDS)
      .filter(starts)
      .slice(0, MAX_FIELDS)
      .map((name) => ({ insert: name, label: name, detail: "of every span" }));
  }
  return (FIELDS[typed.key] ?? []).filter(starts).map((one) => ({ insert: one, label: one }));
}

function keyOf(typed: Typed): string | null {
  if (typed.what === "key") return null;
  return STANDS_FOR[typed.key] ?? typed.key.replace(/^(span|resource|scope|event|link)\./, "");
}

export function QueryBox({
  value,
  search,
  refused,
  onChange,
  onSubmit,
}: {
  readonly value: string;
  readonly search: TraceSearch;
  /** The server's refusal of the search's own words. */
  readonly refused: ApiError | null;
  readonly onChange: (text: string) => void;
  readonly onSubmit: () => void;
}) {
  const [caret, setCaret] = useState<number | null>(null);
  const typed = typedAt(value, Math.min(caret ?? value.length, value.length));
  const key = keyOf(typed);
  const asks = typed.what === "key" || (key !== "" && (FIELDS[typed.key] ?? []).length === 0);
  const found = useSuggestions(
    search,
    caret !== null && asks ? { key, prefix: typed.prefix } : null,
  );
  const offered = found.data?.items;
  const written = typed.what === "key" ? writtenKey : writtenValue;
  const told = (asks ? (offered ?? []) : []).map(({ text, spans }) => ({
    insert: written(text),
    label: text,
    detail: `${spans.toLocaleString()} spans`,
  }));
  const suggestions = [...fixed(typed), ...told];
  return (
    <SuggestBox
      label="Search in words"
      onCaret={setCaret}
      onChange={onChange}
      onChoose={(choice) => completed(value, typed, choice.insert)}
      onSubmit={onSubmit}
      placeholder="http.status_code>=500 AND (duration>100ms OR error) AND NOT exists(retry)"
      suggestions={suggestions}
      value={value}
      wrong={
        refused === null
          ? null
          : { message: refused.message, position: positionIn(refused.message) }
      }
      wrongText={search.q}
    />
  );
}
