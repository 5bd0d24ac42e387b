// Records and spans as lines, newest first; a line opens to all that it says.
import { useEffect, useRef, useState } from "react";
import type { useLogs } from "../../api/logs";
import { explainOf, type LogEntry, levelOf, lineOf } from "../../domain/logs";
import { formatClock, type UnixSeconds } from "../../domain/units";
import { Button, Spinner } from "../../ui/controls";
import { Link } from "../../ui/router";
import "./logs.css";

const KIND_WORDS = { access: "access", log: "app", span: "span" } as const;

const fine = (at: UnixSeconds): string =>
  `${formatClock(at)}.${Math.floor((at % 1) * 1000)
    .toString()
    .padStart(3, "0")}`;

function Details({ entry }: { readonly entry: LogEntry }) {
  const explain = explainOf(entry);
  const attributes = Object.entries(entry.attributes).filter(([, value]) => value !== "-");
  return (
    <div className="log-details" data-testid="log-details">
      <p className="row" data-wrap="">
        <b>{new Date(entry.time * 1000).toISOString()}</b>
        {entry.severity !== "" && <span>{entry.severity}</span>}
        {entry.traceId !== "" && (
          <Link href={`/traces/${entry.traceId}?span=${entry.spanId}`}>Its trace</Link>
        )}
        {explain !== null && <Link href={explain}>Explain this request</Link>}
        <Link href={`/logs?${new URLSearchParams({ workload: nameOf(entry) })}`}>
          Only {nameOf(entry)}
        </Link>
      </p>
      {entry.body !== "" && <pre>{entry.body}</pre>}
      <dl>
        {attributes.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const nameOf = (entry: LogEntry): string => `${entry.namespace}/${entry.workload}`;

function Line({
  entry,
  open,
  named,
  onOpen,
}: {
  readonly entry: LogEntry;
  readonly open: boolean;
  readonly named: boolean;
  readonly onOpen: () => void;
}) {
  const line = lineOf(entry);
  return (
    <li className="log" data-kind={entry.kind} data-level={levelOf(entry)}>
      <div className="log-line">
        <button aria-expanded={open} data-testid="log-line" onClick={onOpen} type="button">
          <time>{fine(entry.time)}</time>
          <span className="log-kind">{KIND_WORDS[entry.kind]}</span>
          {named && (
            <span className="log-who" title={nameOf(entry)}>
              {nameOf(entry)}
            </span>
          )}
          <span className="log-text">{line === "" ? "(empty)" : line}</span>
        </button>
        {entry.traceId !== "" && (
          <Link
            className="log-trace"
            href={`/traces/${entry.traceId}?span=${entry.spanId}`}
            title="Its trace"
          >
            trace
          </Link>
        )}
      </div>
      {open && <Details entry={entry} />}
    </li>
  );
}

/** The next page is read when the end comes into sight. */
function More({ query }: { readonly query: ReturnType<typeof useLogs> }) {
  const mark = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    const element = mark.current;
    if (element === null || !hasNextPage) return;
    const observer = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting) && !isFetchingNextPage) fetchNextPage();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <div className="log-more" ref={mark}>
      {isFetchingNextPage && <Spinner />}
      {!hasNextPage && <span className="muted small">That is all of it.</span>}
      {hasNextPage && !isFetchingNextPage && (
        <Button onClick={() => fetchNextPage()} tone="quiet">
          Older
        </Button>
      )}
    </div>
  );
}

export function LogList({
  query,
  named,
}: {
  readonly query: ReturnType<typeof useLogs>;
  /** Whether each line says whose it is. */
  readonly named: boolean;
}) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const seen = new Map<string, number>();
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const toggle = (key: string) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  return (
    <>
      <ul className="logs" data-testid="logs">
        {entries.map((entry) => {
          const one = `${entry.time} ${entry.kind} ${entry.spanId} ${nameOf(entry)}`;
          const again = seen.get(one) ?? 0;
          seen.set(one, again + 1);
          const key = `${one} ${again}`;
          return (
            <Line
              entry={entry}
              key={key}
              named={named}
              onOpen={() => toggle(key)}
              open={opened.has(key)}
            />
          );
        })}
      </ul>
      <More query={query} />
    </>
  );
}
