// What operations cost: bars of self time, sorted by any column.

import { useState } from "react";
import { useOperationCosts } from "../../api/traces";
import { type Column, type OperationCost, sortedBy } from "../../domain/operations";
import type { TraceSearch } from "../../domain/traceView";
import { formatDuration, formatRatio, ratio } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Empty } from "../../ui/feedback";

const HEADS: readonly { readonly column: Column; readonly label: string }[] = [
  { column: "self", label: "Self time" },
  { column: "total", label: "Total" },
  { column: "spans", label: "Spans" },
  { column: "errors", label: "Failed" },
  { column: "p50", label: "p50" },
  { column: "p95", label: "p95" },
  { column: "p99", label: "p99" },
  { column: "max", label: "Max" },
];

export function Statistics({
  search,
  onOperation,
}: {
  readonly search: TraceSearch;
  readonly onOperation: (service: string, operation: string) => void;
}) {
  return (
    <Answered query={useOperationCosts(search)} what="what operations cost">
      {({ items }) => <Costs items={items} onOperation={onOperation} />}
    </Answered>
  );
}

function Costs({
  items,
  onOperation,
}: {
  readonly items: readonly OperationCost[];
  readonly onOperation: (service: string, operation: string) => void;
}) {
  const [column, setColumn] = useState<Column>("self");
  const costs = sortedBy(items, column);
  if (costs.length === 0) {
    return (
      <Empty icon="traces" title="No trace matches">
        <p>Look further back or loosen the search; then each operation's cost stands here.</p>
      </Empty>
    );
  }
  const most = Math.max(...costs.map((one) => one.selfShare), 0.000_001);
  return (
    <div className="table-frame" data-testid="trace-statistics">
      <table className="table">
        <thead>
          <tr>
            <th>Operation</th>
            {HEADS.map((head) => (
              <th
                aria-sort={head.column === column ? "descending" : "none"}
                className="number"
                key={head.column}
              >
                <button className="sort" onClick={() => setColumn(head.column)} type="button">
                  {head.label}
                  {head.column === column ? " ↓" : ""}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {costs.map((one) => (
            <tr key={`${one.service} ${one.operation}`}>
              <td>
                <button
                  className="link operation"
                  onClick={() => onOperation(one.service, one.operation)}
                  title="Search for it"
                  type="button"
                >
                  <b>{one.service}</b> <span>{one.operation}</span>
                </button>
              </td>
              <td className="number bar-cell">
                <span className="bar">
                  <i style={{ width: `${(one.selfShare / most) * 100}%` }} />
                </span>
                {formatDuration(one.selfMs)}
                <span className="muted small"> {formatRatio(one.selfShare)}</span>
              </td>
              <td className="number">{formatDuration(one.totalMs)}</td>
              <td className="number">{one.spans.toLocaleString()}</td>
              <td className="number" data-bad={one.errors > 0 ? "" : undefined}>
                {one.errors === 0
                  ? "0"
                  : `${one.errors} (${formatRatio(ratio(one.errors / one.spans))})`}
              </td>
              <td className="number">{formatDuration(one.p50Ms)}</td>
              <td className="number">{formatDuration(one.p95Ms)}</td>
              <td className="number">{formatDuration(one.p99Ms)}</td>
              <td className="number">{formatDuration(one.maxMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
