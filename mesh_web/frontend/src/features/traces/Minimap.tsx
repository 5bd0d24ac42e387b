// A whole trace in small; a stretch of it that is marked with the mouse is shown large.
import { type PointerEvent, useMemo, useRef, useState } from "react";
import { type Trace, WHOLE, type Window } from "../../domain/trace";
import { formatDuration, milliseconds } from "../../domain/units";
import { Button } from "../../ui/controls";

const HEIGHT = 64;
const WIDTH = 1000;
export const COLOURS = 10;
const SMALLEST = 0.0005;

/** One path for each colour: ten thousand spans are ten elements. */
function paths(trace: Trace, services: readonly string[]): readonly string[] {
  const total = Math.max(trace.durationMs, 0.001);
  const step = HEIGHT / Math.max(trace.spans.length, 1);
  const places = new Map(services.map((name, i) => [name, i % COLOURS]));
  const drawn = Array.from({ length: COLOURS }, (): string[] => []);
  trace.spans.forEach((span, i) => {
    const x = (span.startMs / total) * WIDTH;
    const width = Math.max((span.durationMs / total) * WIDTH, 1);
    const colour = places.get(span.service) ?? 0;
    drawn[colour]?.push(`M${x.toFixed(1)},${((i + 0.5) * step).toFixed(2)}h${width.toFixed(1)}`);
  });
  return drawn.map((parts) => parts.join(""));
}

export function Minimap({
  trace,
  services,
  window,
  onWindow,
}: {
  readonly trace: Trace;
  readonly services: readonly string[];
  readonly window: Window;
  readonly onWindow: (window: Window) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [marked, setMarked] = useState<Window | null>(null);
  const drawn = useMemo(() => paths(trace, services), [trace, services]);
  const thickness = Math.max(0.8, Math.min(5, (HEIGHT / trace.spans.length) * 0.8));
  const at = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return 0;
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  };
  const zoomed = window.from > 0 || window.to < 1;
  const shown = marked ?? (zoomed ? window : null);
  const [from, to] =
    shown === null ? [0, 0] : [Math.min(shown.from, shown.to), Math.max(shown.from, shown.to)];
  const release = () => {
    if (marked !== null && to - from > SMALLEST) onWindow({ from, to });
    setMarked(null);
  };
  return (
    <div className="minimap">
      <div
        aria-hidden="true"
        className="trace-overview"
        onDoubleClick={() => onWindow(WHOLE)}
        onPointerCancel={() => setMarked(null)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setMarked({ from: at(event), to: at(event) });
        }}
        onPointerMove={(event) => marked !== null && setMarked({ ...marked, to: at(event) })}
        onPointerUp={release}
        ref={frame}
        title="Drag to look at a part of the time; double-click for all of it"
      >
        <svg height={HEIGHT} preserveAspectRatio="none" viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
          <title>The trace in small</title>
          {drawn.map((d, colour) => (
            <path
              d={d}
              data-colour={colour}
              // biome-ignore lint/suspicious/noArrayIndexKey: its place is its colour
              key={colour}
              strokeWidth={thickness}
              vectorEffect="non-scaling-stroke"
            />
          ))}
        </svg>
        {shown !== null && (
          <>
            <i className="veil" style={{ left: 0, width: `${from * 100}%` }} />
            <i className="veil" style={{ left: `${to * 100}%`, right: 0 }} />
          </>
        )}
      </div>
      {zoomed && (
        <div className="row minimap-window">
          <span className="small muted">
            {formatDuration(milliseconds(window.from * trace.durationMs))} to{" "}
            {formatDuration(milliseconds(window.to * trace.durationMs))}
          </span>
          <Button onClick={() => onWindow(WHOLE)} tone="quiet">
            Whole trace
          </Button>
        </div>
      )}
    </div>
  );
}
