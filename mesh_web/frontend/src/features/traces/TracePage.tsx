// One trace: its timeline, a search within it, and the ways to its logs and to other traces.
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { useTrace } from "../../api/queries";
import { findSpans, isError, servicesOf, type Trace, WHOLE, type Window } from "../../domain/trace";
import { formatDuration, formatMoment } from "../../domain/units";
import { Copyable } from "../../ui/Copyable";
import { Chip, IconButton } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, navigate, useSearch } from "../../ui/router";
import { Timeline } from "./Timeline";
import "./traces.css";

type Words = Readonly<Record<"find" | "from" | "to", string>>;

function windowOf(params: URLSearchParams): Window {
  const from = Number(params.get("from"));
  const to = Number(params.get("to"));
  return from >= 0 && to <= 1 && from < to ? { from, to } : WHOLE;
}

function put(params: URLSearchParams, words: Partial<Words>): void {
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(words)) {
    if (value === "") next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  navigate(`${window.location.pathname}${text === "" ? "" : `?${text}`}`, "replace");
}

function Find({
  text,
  found,
  at,
  onText,
  onMove,
}: {
  readonly text: string;
  readonly found: number;
  readonly at: number;
  readonly onText: (text: string) => void;
  readonly onMove: (step: number) => void;
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    onMove(event.shiftKey ? -1 : 1);
  };
  return (
    <search className="trace-find row">
      <input
        aria-label="Find in this trace"
        className="input"
        data-testid="find-span"
        onChange={(event) => onText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        placeholder="Find: name, key=value, error"
        type="search"
        value={text}
      />
      {text !== "" && (
        <>
          <span className="small muted" data-testid="found-spans" role="status">
            {found === 0 ? "none" : `${at + 1} of ${found}`}
          </span>
          <IconButton
            disabled={found === 0}
            icon="chevron"
            label="Next that was found"
            onClick={() => onMove(1)}
          />
        </>
      )}
    </search>
  );
}

function Shown({ trace, params }: { readonly trace: Trace; readonly params: URLSearchParams }) {
  const words = params.get("find") ?? "";
  const wanted = params.get("span") ?? "";
  const found = useMemo(() => findSpans(trace, words), [trace, words]);
  const [at, setAt] = useState(0);
  const [target, setTarget] = useState<{ index: number; open: boolean } | null>(null);
  const { from, to } = windowOf(params);
  const shown = useMemo((): Window => ({ from, to }), [from, to]);
  useEffect(() => {
    setAt(0);
    const first = found[0];
    if (first !== undefined) setTarget({ index: first, open: false });
  }, [found]);
  useEffect(() => {
    const index = trace.spans.findIndex((span) => span.spanId === wanted);
    if (wanted !== "" && index !== -1) setTarget({ index, open: true });
  }, [trace, wanted]);
  const move = (step: number) => {
    const next = (at + step + found.length) % Math.max(found.length, 1);
    const index = found[next];
    if (index === undefined) return;
    setAt(next);
    setTarget({ index, open: false });
  };
  return (
    <>
      <div className="trace-ways">
        <Find
          at={at}
          found={found.length}
          onMove={move}
          onText={(find) => put(params, { find })}
          text={words}
        />
        <Link className="button" href={`/logs?trace=${trace.traceId}`}>
          Logs
        </Link>
        <Link className="button" href={`/traces?chosen=${trace.traceId}`}>
          Compare
        </Link>
        <Link className="button" href="/traces">
          All traces
        </Link>
      </div>
      <Timeline
        found={found}
        onWindow={(next) =>
          put(
            params,
            next.from <= 0 && next.to >= 1
              ? { from: "", to: "" }
              : { from: next.from.toFixed(5), to: next.to.toFixed(5) },
          )
        }
        target={target}
        trace={trace}
        window={shown}
      />
    </>
  );
}

function Facts({ trace }: { readonly trace: Trace }) {
  const failed = useMemo(() => trace.spans.filter(isError).length, [trace]);
  return (
    <>
      <Chip>{formatDuration(trace.durationMs)}</Chip>
      <Chip>{trace.spans.length.toLocaleString()} spans</Chip>
      <Chip>{servicesOf(trace).length} services</Chip>
      {failed > 0 && <Chip tone="bad">{failed} failed</Chip>}
      <span className="muted">{formatMoment(trace.start)}</span>
      <Copyable text={trace.traceId} what="trace id" />
    </>
  );
}

export function TracePage({ id }: { readonly id: string }) {
  const address = useSearch().toString();
  const params = useMemo(() => new URLSearchParams(address), [address]);
  const query = useTrace(id);
  const trace = query.data;
  const root = trace?.spans[0];
  return (
    <>
      <PageHead title={root === undefined ? "Trace" : `${root.service} ${root.operation}`}>
        {trace !== undefined && <Facts trace={trace} />}
      </PageHead>
      <div className="page-body trace-page">
        {query.isPending && <Loading what="the trace" />}
        {query.error !== null && (
          <Problem action={<Link href="/traces">All traces</Link>} error={query.error} />
        )}
        {trace !== undefined && trace.spans.length === 0 && (
          <Empty icon="traces" title="This trace has no spans any more" />
        )}
        {trace !== undefined && trace.spans.length > 0 && (
          <Shown key={id} params={params} trace={trace} />
        )}
      </div>
    </>
  );
}
