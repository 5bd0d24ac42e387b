// A trace's spans as rows on a time axis; only those in sight are drawn.
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import {
  ancestors,
  type Bar,
  foldedBelow,
  isError,
  type Row,
  servicesOf,
  type Trace,
  ticksBetween,
  visible,
  type Window,
  waterfall,
} from "../../domain/trace";
import { formatDuration, milliseconds } from "../../domain/units";
import { offsetOf, type Rows, scrollTo, shownRows } from "../../domain/virtual";
import { Button } from "../../ui/controls";
import { Icon } from "../../ui/Icon";
import { COLOURS, Minimap } from "./Minimap";
import { SpanDetails } from "./SpanDetails";

const ROW_HEIGHT = 32;
const GUESSED_DETAILS = 320;
const MAX_INDENT = 24;

/** Inside a long bar, else on the side where there is room. */
function DurationLabel({ row, bar }: { readonly row: Row; readonly bar: Bar }) {
  const end = bar.left + bar.width;
  const words = formatDuration(row.span.durationMs);
  if (bar.width > 25) {
    return (
      <span data-inside="" style={{ right: `${100 - end}%` }}>
        {words}
      </span>
    );
  }
  return (
    <span style={end > 78 ? { right: `${100 - bar.left}%` } : { left: `${end}%` }}>{words}</span>
  );
}

function Track({ row, colour, failed }: { row: Row; colour: number; failed: boolean }) {
  const bar = visible(row.bar);
  if (bar === null) return null;
  return (
    <>
      <i
        data-colour={colour}
        data-failed={failed ? "" : undefined}
        style={{ left: `${bar.left}%`, width: `max(3px, ${bar.width}%)` }}
      />
      {row.critical.map((section) => {
        const seen = visible(section);
        return (
          seen !== null && (
            <b
              className="span-critical"
              key={section.left}
              style={{ left: `${seen.left}%`, width: `max(2px, ${seen.width}%)` }}
            />
          )
        );
      })}
      <DurationLabel bar={bar} row={row} />
    </>
  );
}

function SpanRow({
  row,
  trace,
  colour,
  open,
  active,
  found,
  onOpen,
  onFold,
  onHeight,
}: {
  readonly row: Row;
  readonly trace: Trace;
  readonly colour: number;
  readonly open: boolean;
  readonly active: boolean;
  readonly found: boolean;
  readonly onOpen: () => void;
  readonly onFold: () => void;
  readonly onHeight: (pixels: number) => void;
}) {
  const { span } = row;
  const failed = isError(span);
  const critical = row.critical.length > 0;
  return (
    <li
      data-active={active ? "" : undefined}
      data-found={found ? "" : undefined}
      data-span={span.spanId}
    >
      <div className="span-row" data-testid="span-row">
        <div
          className="span-name"
          style={{ paddingLeft: `${Math.min(span.depth, MAX_INDENT) * 14}px` }}
        >
          {row.below > 0 ? (
            <button
              aria-expanded={!row.folded}
              aria-label={`${row.folded ? "Unfold" : "Fold"} ${row.below} spans below`}
              className="span-fold"
              data-open={row.folded ? undefined : ""}
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
          <button
            className="span-title"
            onClick={onOpen}
            tabIndex={-1}
            title={`${span.service} ${span.operation}`}
            type="button"
          >
            <b>{span.service}</b> <span>{span.operation}</span>
          </button>
          {row.folded && <span className="muted small">+{row.below}</span>}
          {failed && (
            <span className="span-error" title="This span failed">
              <Icon name="error" size={14} />
            </span>
          )}
        </div>
        <button
          aria-expanded={open}
          aria-label={`${span.service} ${span.operation}: ${formatDuration(span.durationMs)}, self ${formatDuration(span.selfMs)}${critical ? ", on the critical path" : ""}${failed ? ", failed" : ""}`}
          className="span-track"
          onClick={onOpen}
          tabIndex={-1}
          type="button"
        >
          <Track colour={colour} failed={failed} row={row} />
        </button>
      </div>
      {open && <SpanDetails onHeight={onHeight} span={span} trace={trace} />}
    </li>
  );
}

function toggled(set: ReadonlySet<number>, key: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

const without = (set: ReadonlySet<number>, keys: readonly number[]): ReadonlySet<number> =>
  new Set([...set].filter((one) => !keys.includes(one)));

/** How far the list is scrolled, and how much of it is seen. */
function useScrolled(list: React.RefObject<HTMLElement | null>) {
  const [scrolled, setScrolled] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const read = () => setScrolled({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener("scroll", read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", read);
    };
  }, [list]);
  return scrolled;
}

export function Timeline({
  trace,
  window,
  onWindow,
  found,
  target,
}: {
  readonly trace: Trace;
  readonly window: Window;
  readonly onWindow: (window: Window) => void;
  /** Places of spans that a search within the trace found. */
  readonly found: readonly number[];
  /** The span to go to; another object goes there again. */
  readonly target: { readonly index: number; readonly open: boolean } | null;
}) {
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [heights, setHeights] = useState<ReadonlyMap<number, number>>(new Map());
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const scrolled = useScrolled(list);

  const services = useMemo(() => servicesOf(trace), [trace]);
  const places = useMemo(() => new Map(services.map((name, i) => [name, i % COLOURS])), [services]);
  const matched = useMemo(() => new Set(found), [found]);
  const rows = useMemo(() => waterfall(trace, folded, window), [trace, folded, window]);
  const rowOf = useMemo(() => new Map(rows.map((row, i) => [row.index, i])), [rows]);
  const sizes = useMemo((): Rows => {
    const extra = new Map<number, number>();
    for (const index of opened) {
      const row = rowOf.get(index);
      if (row !== undefined) extra.set(row, heights.get(index) ?? GUESSED_DETAILS);
    }
    return { count: rows.length, rowHeight: ROW_HEIGHT, extra };
  }, [rows, rowOf, opened, heights]);
  const shown = shownRows(sizes, scrolled);

  const reveal = useCallback(
    (index: number) => {
      const row = rowOf.get(index);
      const element = list.current;
      if (row === undefined || element === null) return;
      const seen = { top: element.scrollTop, height: element.clientHeight };
      const top = scrollTo(sizes, row, seen);
      if (top !== null) element.scrollTop = top;
    },
    [rowOf, sizes],
  );
  const revealed = useRef(reveal);
  revealed.current = reveal;

  useEffect(() => {
    if (target === null) return;
    setFolded((before) => without(before, ancestors(trace.spans, target.index)));
    setActive(target.index);
    if (target.open) setOpened((before) => new Set(before).add(target.index));
    const frame = requestAnimationFrame(() => revealed.current(target.index));
    return () => cancelAnimationFrame(frame);
  }, [target, trace]);

  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row === undefined) return;
    setActive(row.index);
    reveal(row.index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const place = rowOf.get(active) ?? 0;
    const row = rows[place];
    if (row === undefined) return;
    if (event.key === "ArrowDown" || event.key === "j") move(place + 1);
    else if (event.key === "ArrowUp" || event.key === "k") move(place - 1);
    else if (event.key === "PageDown") move(place + Math.floor(scrolled.height / ROW_HEIGHT) - 1);
    else if (event.key === "PageUp") move(place - Math.floor(scrolled.height / ROW_HEIGHT) + 1);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(rows.length - 1);
    else if (event.key === "ArrowLeft" && row.below > 0 && !row.folded)
      setFolded(new Set(folded).add(row.index));
    else if (event.key === "ArrowLeft")
      move(rowOf.get(ancestors(trace.spans, row.index)[0] ?? 0) ?? 0);
    else if (event.key === "ArrowRight") setFolded(without(folded, [row.index]));
    else if (event.key === "Enter" || event.key === " ") setOpened(toggled(opened, row.index));
    else return;
    event.preventDefault();
  };

  const total = Math.max(trace.durationMs, 0.001);
  const [from, to] = [window.from * total, window.to * total];
  const below = shown.total - offsetOf(sizes, shown.end);
  return (
    <div className="timeline" data-testid="trace-timeline">
      <Minimap onWindow={onWindow} services={services} trace={trace} window={window} />
      <div className="timeline-axis">
        <div className="row">
          <Button onClick={() => setFolded(new Set())} tone="quiet">
            Unfold all
          </Button>
          <Button onClick={() => setFolded(foldedBelow(trace, 1))} tone="quiet">
            Fold
          </Button>
          {opened.size > 0 && (
            <Button
              className="button close-details"
              onClick={() => setOpened(new Set())}
              tone="quiet"
            >
              Close details
            </Button>
          )}
        </div>
        <div className="timeline-ticks">
          {ticksBetween(from, to, 5).map((tick) => (
            <span key={tick} style={{ left: `${((tick - from) / (to - from)) * 100}%` }}>
              {tick === 0 ? "0" : formatDuration(milliseconds(tick))}
            </span>
          ))}
        </div>
      </div>
      <ul
        aria-label="Spans: arrow keys move and fold, Enter shows details"
        className="spans"
        data-testid="spans"
        onKeyDown={onKeyDown}
        ref={list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the list is what the arrow keys work on
        tabIndex={0}
      >
        <li aria-hidden="true" className="spans-gap" style={{ height: `${shown.above}px` }} />
        {rows.slice(shown.first, shown.end).map((row) => (
          <SpanRow
            active={row.index === active}
            colour={places.get(row.span.service) ?? 0}
            found={matched.has(row.index)}
            key={row.index}
            onFold={() => setFolded(toggled(folded, row.index))}
            onHeight={(pixels) =>
              heights.get(row.index) !== pixels &&
              setHeights((before) => new Map(before).set(row.index, pixels))
            }
            onOpen={() => {
              setActive(row.index);
              setOpened(toggled(opened, row.index));
            }}
            open={opened.has(row.index)}
            row={row}
            trace={trace}
          />
        ))}
        <li aria-hidden="true" className="spans-gap" style={{ height: `${below}px` }} />
      </ul>
    </div>
  );
}
