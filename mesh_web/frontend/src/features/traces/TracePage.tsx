// One trace as a timeline.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTrace } from "../../api/queries";
import {
  isError,
  type Row,
  type Span,
  selfTime,
  servicesOf,
  type Trace,
  ticks,
  waterfall,
} from "../../domain/trace";
import { formatClock, formatDuration, milliseconds } from "../../domain/units";
import { Copyable } from "../../ui/Copyable";
import { Button, Chip } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { Icon } from "../../ui/Icon";
import { PageHead } from "../../ui/PageHead";
import { Link } from "../../ui/router";
import "./traces.css";

const COLOURS = 10;

function Overview({
  trace,
  services,
}: {
  readonly trace: Trace;
  readonly services: readonly string[];
}) {
  const total = Math.max(trace.durationMs, 0.001);
  const height = Math.max(2, Math.min(6, 60 / Math.max(trace.spans.length, 1)));
  return (
    <div aria-hidden="true" className="trace-overview">
      {trace.spans.map((span, i) => (
        <i
          data-colour={services.indexOf(span.service) % COLOURS}
          key={span.spanId}
          style={{
            left: `${(span.startMs / total) * 100}%`,
            top: `${(i / trace.spans.length) * 100}%`,
            width: `max(2px, ${(span.durationMs / total) * 100}%)`,
            height: `${height}px`,
          }}
        />
      ))}
    </div>
  );
}

function Details({ trace, span }: { readonly trace: Trace; readonly span: Span }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Workload", [span.namespace, span.workload].filter(Boolean).join("/")],
    ["Kind", span.kind.toLowerCase()],
    ["Starts at", formatDuration(span.startMs)],
    ["Lasts", formatDuration(span.durationMs)],
    ["Own time", formatDuration(milliseconds(selfTime(trace, span)))],
    ["Status", span.status.toLowerCase()],
  ];
  const attributes = Object.entries(span.attributes).sort(([a], [b]) => a.localeCompare(b));
  return (
    <div className="span-details">
      <dl>
        {[...facts, ...attributes].map(
          ([name, value]) =>
            value !== "" && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        <div>
          <dt>Span</dt>
          <dd>
            <Copyable text={span.spanId} what="span id" />
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** Inside a long bar, else on the side where there is room. */
function DurationLabel({ row }: { readonly row: Row }) {
  const end = row.left + row.width;
  const words = formatDuration(row.span.durationMs);
  if (row.width > 25) {
    return (
      <span data-inside="" style={{ right: `${100 - end}%` }}>
        {words}
      </span>
    );
  }
  return (
    <span style={end > 78 ? { right: `${100 - row.left}%` } : { left: `${end}%` }}>{words}</span>
  );
}

function SpanRow({
  row,
  trace,
  colour,
  open,
  active,
  onOpen,
  onFold,
}: {
  readonly row: Row;
  readonly trace: Trace;
  readonly colour: number;
  readonly open: boolean;
  readonly active: boolean;
  readonly onOpen: () => void;
  readonly onFold: () => void;
}) {
  const { span } = row;
  const failed = isError(span);
  return (
    <li data-active={active ? "" : undefined} data-span={span.spanId}>
      <div className="span-row" data-testid="span-row">
        <div className="span-name" style={{ paddingLeft: `${span.depth * 14}px` }}>
          {row.children > 0 ? (
            <button
              aria-expanded={!row.collapsed}
              aria-label={`${row.collapsed ? "Unfold" : "Fold"} ${row.children} spans below`}
              className="span-fold"
              data-open={row.collapsed ? undefined : ""}
              onClick={onFold}
              tabIndex={-1}
              type="button"
            >
              <Icon name="chevron" size={14} />
            </button>
          ) : (
            <span className="span-fold" />
          )}
          <i className="span-colour" data-colour={colour} />
          <button className="span-title" onClick={onOpen} tabIndex={-1} type="button">
            <b>{span.service}</b> <span>{span.operation}</span>
          </button>
          {failed && (
            <span className="span-error" title="This span failed">
              <Icon name="error" size={14} />
            </span>
          )}
        </div>
        <button
          aria-expanded={open}
          aria-label={`${span.service} ${span.operation}: ${formatDuration(span.durationMs)}${failed ? ", failed" : ""}`}
          className="span-track"
          onClick={onOpen}
          tabIndex={-1}
          type="button"
        >
          <i
            data-colour={colour}
            data-failed={failed ? "" : undefined}
            style={{ left: `${row.left}%`, width: `max(3px, ${row.width}%)` }}
          />
          <DurationLabel row={row} />
        </button>
      </div>
      {open && <Details span={span} trace={trace} />}
    </li>
  );
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

function Timeline({ trace }: { readonly trace: Trace }) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const rows = waterfall(trace, folded);
  const services = servicesOf(trace);

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[active];
    if (row === undefined) return;
    const id = row.span.spanId;
    if (event.key === "ArrowDown" || event.key === "j")
      setActive(Math.min(active + 1, rows.length - 1));
    else if (event.key === "ArrowUp" || event.key === "k") setActive(Math.max(active - 1, 0));
    else if (event.key === "ArrowLeft" && row.children > 0) setFolded(new Set(folded).add(id));
    else if (event.key === "ArrowRight")
      setFolded(new Set([...folded].filter((one) => one !== id)));
    else if (event.key === "Enter" || event.key === " ") setOpened(toggled(opened, id));
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const row = list.current?.children[active];
    if (document.activeElement === list.current) row?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <div className="timeline" data-testid="trace-timeline">
      <Overview services={services} trace={trace} />
      <div className="timeline-axis">
        <div className="row">
          <Button onClick={() => setFolded(new Set())} tone="quiet">
            Unfold all
          </Button>
          <Button
            onClick={() =>
              setFolded(
                new Set(
                  rows.filter((r) => r.children > 0 && r.span.depth > 0).map((r) => r.span.spanId),
                ),
              )
            }
            tone="quiet"
          >
            Fold
          </Button>
        </div>
        <div className="timeline-ticks">
          {ticks(trace.durationMs, 5).map((tick) => (
            <span
              key={tick}
              style={{ left: `${(tick / Math.max(trace.durationMs, 0.001)) * 100}%` }}
            >
              {tick === 0 ? "0" : formatDuration(milliseconds(tick))}
            </span>
          ))}
        </div>
      </div>
      <ul
        aria-label="Spans: arrow keys move and fold, Enter shows details"
        className="spans"
        onKeyDown={onKeyDown}
        ref={list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the list is what the arrow keys work on
        tabIndex={0}
      >
        {rows.map((row, index) => (
          <SpanRow
            active={index === active}
            colour={services.indexOf(row.span.service) % COLOURS}
            key={row.span.spanId}
            onFold={() => setFolded(toggled(folded, row.span.spanId))}
            onOpen={() => {
              setActive(index);
              setOpened(toggled(opened, row.span.spanId));
            }}
            open={opened.has(row.span.spanId)}
            row={row}
            trace={trace}
          />
        ))}
      </ul>
    </div>
  );
}

export function TracePage({ id }: { readonly id: string }) {
  const query = useTrace(id);
  const trace = query.data;
  const root = trace?.spans[0];
  useEffect(() => {
    document.title = "Trace · Meshweb";
  }, []);
  return (
    <>
      <PageHead title={root === undefined ? "Trace" : `${root.service} ${root.operation}`}>
        {trace !== undefined && (
          <>
            <Chip>{formatDuration(trace.durationMs)}</Chip>
            <Chip>{trace.spans.length} spans</Chip>
            <Chip>{servicesOf(trace).length} services</Chip>
            {trace.spans.some(isError) && (
              <Chip tone="bad">{trace.spans.filter(isError).length} failed</Chip>
            )}
            <span className="muted">{formatClock(trace.start)}</span>
            <Copyable text={trace.traceId} what="trace id" />
          </>
        )}
        <span className="spacer" />
        <Link className="button" href="/traces">
          All traces
        </Link>
      </PageHead>
      <div className="page-body">
        {query.isPending && <Loading what="the trace" />}
        {query.error !== null && <Problem error={query.error} />}
        {trace !== undefined && trace.spans.length === 0 && (
          <Empty icon="traces" title="This trace has no spans any more" />
        )}
        {trace !== undefined && trace.spans.length > 0 && <Timeline trace={trace} />}
      </div>
    </>
  );
}
