// Which service called which, drawn from left to right, and as a table.

import { useMemo } from "react";
import { useDependencies } from "../../api/traces";
import { BOX, type Dependency, errorRatio, lineShape, picture } from "../../domain/dependencies";
import type { TraceSearch } from "../../domain/traceView";
import { formatDuration, formatRatio } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Empty } from "../../ui/feedback";

const DRAWN_AT_MOST = 60;
const SHORT = 19;

function Drawn({
  found,
  onService,
}: {
  readonly found: readonly Dependency[];
  readonly onService: (name: string) => void;
}) {
  const drawn = useMemo(() => picture(found), [found]);
  const most = Math.max(...found.map((one) => one.calls), 1);
  if (drawn.services.length > DRAWN_AT_MOST) {
    return <p className="muted">{drawn.services.length} services are too many to draw.</p>;
  }
  return (
    <div className="dependencies">
      <svg
        aria-label="Services and whom they call; the table below says the same"
        height={drawn.height}
        role="img"
        viewBox={`0 0 ${drawn.width} ${drawn.height}`}
        width={drawn.width}
      >
        <title>Services and whom they call</title>
        <defs>
          <marker
            id="dependency-arrow"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            markerWidth="8"
            orient="auto"
            refX="4"
            refY="4"
          >
            <path d="M0,0L8,4L0,8z" />
          </marker>
        </defs>
        {drawn.lines.map((line) => (
          <path
            className="dependency-line"
            d={lineShape(line)}
            data-failed={line.dependency.errors > 0 ? "" : undefined}
            key={`${line.dependency.parent}>${line.dependency.child}`}
            markerEnd="url(#dependency-arrow)"
            strokeWidth={1.2 + 3.8 * Math.sqrt(line.dependency.calls / most)}
          >
            <title>
              {`${line.dependency.parent} → ${line.dependency.child}: ${line.dependency.calls} calls, ${line.dependency.errors} failed, p95 ${formatDuration(line.dependency.p95Ms)}`}
            </title>
          </path>
        ))}
        {drawn.services.map((one) => (
          // biome-ignore lint/a11y/useSemanticElements: SVG has no button
          <g
            className="dependency-box"
            key={one.name}
            onClick={() => onService(one.name)}
            onKeyDown={(event) => event.key === "Enter" && onService(one.name)}
            role="button"
            tabIndex={0}
            transform={`translate(${one.x} ${one.y})`}
          >
            <title>{`${one.name}: search its traces`}</title>
            <rect height={BOX.height} rx="8" width={BOX.width} />
            <text x={BOX.width / 2} y={BOX.height / 2 + 4}>
              {one.name.length > SHORT ? `${one.name.slice(0, SHORT - 1)}…` : one.name}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

export function Dependencies({
  search,
  onService,
  onCall,
}: {
  readonly search: TraceSearch;
  readonly onService: (name: string) => void;
  readonly onCall: (caller: string, called: string) => void;
}) {
  return (
    <Answered query={useDependencies(search)} what="who called whom">
      {({ items }) => <Calls dependencies={items} onCall={onCall} onService={onService} />}
    </Answered>
  );
}

function Calls({
  dependencies,
  onService,
  onCall,
}: {
  readonly dependencies: readonly Dependency[];
  readonly onService: (name: string) => void;
  readonly onCall: (caller: string, called: string) => void;
}) {
  const found = [...dependencies].sort((a, b) => b.calls - a.calls);
  if (found.length === 0) {
    return (
      <Empty icon="graph" title="No service has called another in this time">
        <p>
          Calls come from traces, whatever the search above says. Look further back, or send
          requests through the mesh.
        </p>
      </Empty>
    );
  }
  const most = Math.max(...found.map((one) => one.calls), 1);
  return (
    <div className="stack" data-testid="trace-dependencies">
      <Drawn found={found} onService={onService} />
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th>Caller</th>
              <th>Called</th>
              <th className="number">Calls</th>
              <th className="number">Failed</th>
              <th className="number">p50</th>
              <th className="number">p95</th>
              <th className="number">p99</th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <tr key={`${one.parent}>${one.child}`}>
                <td>{one.parent}</td>
                <td>
                  <button
                    className="link"
                    onClick={() => onCall(one.parent, one.child)}
                    title="Search the traces of these calls"
                    type="button"
                  >
                    {one.child}
                  </button>
                </td>
                <td className="number bar-cell">
                  <span className="bar">
                    <i style={{ width: `${(one.calls / most) * 100}%` }} />
                  </span>
                  {one.calls.toLocaleString()}
                </td>
                <td className="number" data-bad={one.errors > 0 ? "" : undefined}>
                  {formatRatio(errorRatio(one))}
                </td>
                <td className="number">{formatDuration(one.p50Ms)}</td>
                <td className="number">{formatDuration(one.p95Ms)}</td>
                <td className="number">{formatDuration(one.p99Ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
