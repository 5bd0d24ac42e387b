// The traces found: their durations over time, and one line each.
import type { useTraceSearch } from "../../api/traces";
import type { TraceSummary } from "../../domain/trace";
import { formatAge, formatDuration, formatMoment } from "../../domain/units";
import { Button, Chip } from "../../ui/controls";
import { Empty } from "../../ui/feedback";
import { Link, navigate } from "../../ui/router";
import { useNow } from "../../ui/useNow";
import { Scatter } from "./Scatter";

const SHOWN_SERVICES = 4;

function TraceRow({
  trace,
  slowest,
  chosen,
  onChoose,
}: {
  readonly trace: TraceSummary;
  readonly slowest: number;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}) {
  const now = useNow(5000);
  const more = trace.services.length - SHOWN_SERVICES;
  const name = `${trace.rootService} ${trace.rootOperation}`;
  return (
    <li className="trace-line">
      <input
        aria-label={`Compare ${name}, ${formatDuration(trace.durationMs)}`}
        checked={chosen}
        data-testid="choose-trace"
        onChange={onChoose}
        title="Choose two to compare them"
        type="checkbox"
      />
      <Link className="trace-row" href={`/traces/${trace.traceId}`}>
        <span className="trace-name" title={name}>
          <b>{trace.rootService}</b> <span>{trace.rootOperation}</span>
          <span className="row" data-wrap="">
            {trace.services.slice(0, SHOWN_SERVICES).map((service) => (
              <Chip key={service.name}>
                {service.name} {service.spans}
              </Chip>
            ))}
            {more > 0 && <span className="muted small">and {more} more</span>}
          </span>
        </span>
        <span className="row">
          {trace.errors > 0 && <Chip tone="bad">{trace.errors} failed</Chip>}
          <span className="muted">{trace.spans} spans</span>
        </span>
        <span className="trace-duration">
          <b>{formatDuration(trace.durationMs)}</b>
          <span className="ack-bar">
            <i
              data-failed={trace.errors > 0 ? "" : undefined}
              style={{ width: `${(trace.durationMs / slowest) * 100}%` }}
            />
          </span>
        </span>
        <span className="trace-age muted" title={formatMoment(trace.start)}>
          {formatAge(trace.start, now)}
        </span>
      </Link>
    </li>
  );
}

export function TraceList({
  query,
  chosen,
  onChoose,
}: {
  readonly query: ReturnType<typeof useTraceSearch>;
  readonly chosen: readonly string[];
  readonly onChoose: (traceId: string) => void;
}) {
  const traces = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.data !== undefined && traces.length === 0) {
    return (
      <Empty icon="traces" title="No trace matches">
        <p>
          Look further back or loosen the search. Traces come from a share of all requests, so a
          quiet service may need a while.
        </p>
      </Empty>
    );
  }
  if (traces.length === 0) return null;
  const slowest = Math.max(...traces.map((trace) => trace.durationMs), 0.001);
  return (
    <>
      <Scatter onOpen={(id) => navigate(`/traces/${id}`)} traces={traces} />
      <ul className="trace-list" data-testid="trace-list">
        {traces.map((trace) => (
          <TraceRow
            chosen={chosen.includes(trace.traceId)}
            key={trace.traceId}
            onChoose={() => onChoose(trace.traceId)}
            slowest={slowest}
            trace={trace}
          />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="more">
          <Button busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
            Older traces
          </Button>
        </div>
      )}
    </>
  );
}
