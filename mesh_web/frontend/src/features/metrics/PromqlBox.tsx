// The box for PromQL: metrics, functions, labels and values are offered while it is typed.
import { useState } from "react";
import { type QueryError, usePromqlWords } from "../../api/metrics";
import {
  completedPromql,
  FUNCTIONS,
  matching,
  type TypedPromql,
  typedPromql,
} from "../../domain/promqlWords";
import { SuggestBox, type Suggestion } from "../../ui/SuggestBox";

/** Names of metrics are offered from so many letters on. */
const LEAST = 1;

function offered(typed: TypedPromql, told: readonly string[]): readonly Suggestion[] {
  const names = matching(told, typed.prefix).map((name) => ({ insert: name, label: name }));
  if (typed.what !== "name") return names;
  if (typed.prefix.length < LEAST) return [];
  const functions = Object.entries(FUNCTIONS)
    .filter(([name]) => name.startsWith(typed.prefix) && name !== typed.prefix)
    .map(([name, detail]) => ({ insert: name, label: `${name}()`, detail }));
  return [...functions, ...names];
}

export function PromqlBox({
  value,
  asked,
  refused,
  onChange,
  onSubmit,
}: {
  readonly value: string;
  /** The query that was refused, if it was. */
  readonly asked: string;
  readonly refused: QueryError | null;
  readonly onChange: (text: string) => void;
  readonly onSubmit: () => void;
}) {
  const [caret, setCaret] = useState<number | null>(null);
  const typed = typedPromql(value, Math.min(caret ?? value.length, value.length));
  const words = usePromqlWords(caret === null ? null : typed);
  return (
    <SuggestBox
      label="Query in PromQL"
      lines={2}
      onCaret={setCaret}
      onChange={onChange}
      onChoose={(choice) => completedPromql(value, typed, choice.insert)}
      onSubmit={onSubmit}
      placeholder="sum by (destination_service) (rate(istio_requests_total[1m]))"
      suggestions={typed.what === "nothing" ? [] : offered(typed, words.data ?? [])}
      value={value}
      wrong={
        refused === null
          ? null
          : {
              message: refused.message.replace(/^invalid parameter "query": /, ""),
              position: refused.position,
            }
      }
      wrongText={asked}
    />
  );
}
