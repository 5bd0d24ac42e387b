// Traces: filters, their durations over time, and a list.
import { useEffect } from "react";
import { type TraceFilter, useTraces } from "../../api/queries";
import type { TraceSummary } from "../../domain/trace";
import { formatAge, formatClock, formatDuration } from "../../domain/units";
import { Chip, Segmented, Switch } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, navigate, useSearch } from "../../ui/router";
import { useNow } from "../../ui/useNow";
import { Scatter } from "./Scatter";
import "./traces.css";

const LOOKBACKS = ["5m", "15m", "1h", "6h"] as const;
const FIELDS = ["service", "source", "destination", "operation", "min"] as const;
type Field = (typeof FIELDS)[number];
const FIELD_LABELS: Readonly<Record<Field, string>> = {
  service: "Service",
  source: "From",
  destination: "To",
  operation: "Operation",
  min: "Slower than (ms)",
};

function filterOf(params: URLSearchParams): TraceFilter {
  const filter: Record<string, string> = {};
  for (const field of FIELDS) {
    const value = params.get(field);
    if (value !== null && value !== "") filter[field === "min" ? "minDurationMs" : field] = value;
  }
  return {
    ...filter,
    error: params.get("error") === "1",
    lookback: LOOKBACKS.find((one) => one === params.get("lookback")) ?? "15m",
    limit: 100,
  };
}

function set(params: URLSearchParams, key: string, value: string): void {
  const next = new URLSearchParams(params);
  if (value === "") next.delete(key);
  else next.set(key, value);
  const text = next.toString();
  navigate(`/traces${text === "" ? "" : `?${text}`}`, "replace");
}

function Filters({ params }: { readonly params: URLSearchParams }) {
  return (
    <div className="trace-filters">
      {FIELDS.map((field) => (
        <label className="field" key={field}>
          {FIELD_LABELS[field]}
          <input
            className="input"
            inputMode={field === "min" ? "numeric" : undefined}
            onChange={(event) => set(params, field, event.currentTarget.value.trim())}
            placeholder="any"
            type="text"
            value={params.get(field) ?? ""}
          />
        </label>
      ))}
      <Switch
        checked={params.get("error") === "1"}
        onChange={(on) => set(params, "error", on ? "1" : "")}
      >
        Only with errors
      </Switch>
    </div>
  );
}

const SHOWN_SERVICES = 4;

function TraceRow({ trace, slowest }: { readonly trace: TraceSummary; readonly slowest: number }) {
  const now = useNow(5000);
  const more = trace.services.length - SHOWN_SERVICES;
  return (
    <li>
      <Link className="trace-row" href={`/traces/${trace.traceId}`}>
        <span className="trace-name">
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
        <span className="trace-age muted" title={formatClock(trace.start)}>
          {formatAge(trace.start, now)}
        </span>
      </Link>
    </li>
  );
}

export function TracesPage() {
  const params = useSearch();
  const query = useTraces(filterOf(params));
  const traces = query.data?.items ?? [];
  const slowest = Math.max(...traces.map((trace) => trace.durationMs), 0.001);
  useEffect(() => {
    document.title = "Traces · Meshweb";
  }, []);
  return (
    <>
      <PageHead title="Traces">
        <span className="spacer" />
        <Segmented
          label="Look back"
          onChange={(lookback) => set(params, "lookback", lookback)}
          options={LOOKBACKS.map((value) => ({ value, label: value }))}
          value={LOOKBACKS.find((one) => one === params.get("lookback")) ?? "15m"}
        />
      </PageHead>
      <div className="page-body stack">
        <Filters params={params} />
        {query.error !== null && <Problem error={query.error} />}
        {query.isPending && <Loading what="traces" />}
        {query.data !== undefined && traces.length === 0 && (
          <Empty icon="traces" title="No trace matches">
            <p>
              Look further back or loosen the filters. Traces come from a share of all requests, so
              a quiet service may need a while.
            </p>
          </Empty>
        )}
        {traces.length > 0 && (
          <>
            <Scatter onOpen={(id) => navigate(`/traces/${id}`)} traces={traces} />
            <ul className="trace-list" data-testid="trace-list">
              {traces.map((trace) => (
                <TraceRow key={trace.traceId} slowest={slowest} trace={trace} />
              ))}
            </ul>
          </>
        )}
      </div>
    </>
  );
}
