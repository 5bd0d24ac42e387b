// All that a span says: attributes to search by, its resource, events and links, and where to go.
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useWorkloads } from "../../api/queries";
import type { Attributes, Span, Trace } from "../../domain/trace";
import { formatDuration, milliseconds } from "../../domain/units";
import { term } from "../../domain/words";
import { Copyable } from "../../ui/Copyable";
import { Link } from "../../ui/router";

const searchHref = (key: string, value: string): string =>
  `/traces?${new URLSearchParams({ q: term(key, value) })}`;

function Table({ title, attributes }: { readonly title: string; readonly attributes: Attributes }) {
  const entries = Object.entries(attributes).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {entries.map(([key, value]) => (
          <div key={key}>
            <dt title={key}>{key}</dt>
            <dd>
              <Link href={searchHref(key, value)} title="Search traces that have this">
                {value === "" ? "(empty)" : value}
              </Link>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Events({ span }: { readonly span: Span }) {
  if (span.events.length === 0) return null;
  return (
    <section>
      <h3>Events</h3>
      <ul className="span-events">
        {span.events.map((event, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two events may be alike
          <li key={i}>
            <p>
              <span className="muted number">{formatDuration(event.atMs)}</span> <b>{event.name}</b>
            </p>
            <dl>
              {Object.entries(event.attributes).map(([key, value]) => (
                <div key={key}>
                  <dt title={key}>{key}</dt>
                  <dd className="event-value">{value}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Links({ span }: { readonly span: Span }) {
  if (span.links.length === 0) return null;
  return (
    <section>
      <h3>Links</h3>
      <ul className="span-events">
        {span.links.map((link, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two links may be alike
          <li key={i}>
            <Link href={`/traces/${link.traceId}?span=${link.spanId}`}>
              Span {link.spanId} of trace {link.traceId}
            </Link>
            <dl>
              {Object.entries(link.attributes).map(([key, value]) => (
                <div key={key}>
                  <dt title={key}>{key}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Of a call by a workload, or one that reached the mesh: which way it goes, and why. */
function explainHref(span: Span): string | null {
  const url = span.attributes["http.url"] ?? span.attributes["url.full"] ?? "";
  const asks = span.kind.toUpperCase().includes("CLIENT") || span.depth === 0;
  if (!asks || span.workload === "" || !/^https?:\/\//.test(url)) return null;
  const method = span.attributes["http.method"] ?? span.attributes["http.request.method"] ?? "GET";
  const source = `${span.namespace}/${span.workload}`;
  return `/explain?${new URLSearchParams({ source, method, url })}`;
}

function Ways({ trace, span }: { readonly trace: Trace; readonly span: Span }) {
  const workloads = useWorkloads();
  const name = `${span.namespace}/${span.workload}`;
  const gateway = workloads.data?.find(
    (one) => one.namespace === span.namespace && one.name === span.workload,
  )?.gateway;
  const explain = explainHref(span);
  const logs = new URLSearchParams({ trace: trace.traceId, workload: name });
  if (span.workload === "") return null;
  return (
    <p className="row span-ways" data-wrap="">
      <Link
        href={`/?select=${encodeURIComponent(`${gateway === true ? "gateway" : "workload"}:${name}`)}`}
      >
        Workload {name}
      </Link>
      <Link href={`/logs?${logs}`}>Its logs in this trace</Link>
      {explain !== null && <Link href={explain}>Explain this request</Link>}
    </p>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function SpanDetails({
  trace,
  span,
  onHeight,
}: {
  readonly trace: Trace;
  readonly span: Span;
  readonly onHeight: (pixels: number) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const told = useRef(onHeight);
  told.current = onHeight;
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => told.current(element.offsetHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div className="span-details" data-testid="span-details" ref={frame}>
      <Ways span={span} trace={trace} />
      {span.message !== "" && <p className="span-message">{span.message}</p>}
      <section>
        <dl>
          <Fact label="Starts at">{formatDuration(span.startMs)}</Fact>
          <Fact label="Lasts">{formatDuration(span.durationMs)}</Fact>
          <Fact label="Self time">
            {formatDuration(span.selfMs)} ({percentOf(span.selfMs, span.durationMs)})
          </Fact>
          <Fact label="Kind">{span.kind.toLowerCase()}</Fact>
          <Fact label="Status">{span.status.toLowerCase()}</Fact>
          {span.scope !== "" && <Fact label="Scope">{span.scope}</Fact>}
          <Fact label="Span">
            <Copyable text={span.spanId} what="span id" />
          </Fact>
        </dl>
      </section>
      <Table attributes={span.attributes} title="Attributes" />
      <Table attributes={span.resource} title="Resource" />
      <Events span={span} />
      <Links span={span} />
    </div>
  );
}

const percentOf = (part: number, whole: number): string =>
  whole > 0 ? `${Math.round((part / whole) * 100)} %` : formatDuration(milliseconds(part));
