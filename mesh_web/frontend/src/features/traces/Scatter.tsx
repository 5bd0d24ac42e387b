// Durations of traces over time, one mark each.
import { type TraceSummary, ticks } from "../../domain/trace";
import { formatClock, formatDuration, milliseconds, unixSeconds } from "../../domain/units";

const WIDTH = 1000;
const HEIGHT = 130;

export function Scatter({
  traces,
  onOpen,
}: {
  readonly traces: readonly TraceSummary[];
  readonly onOpen: (traceId: string) => void;
}) {
  const starts = traces.map((trace) => trace.start);
  const from = Math.min(...starts);
  const to = Math.max(...starts, from + 1);
  const slowest = Math.max(...traces.map((trace) => trace.durationMs), 0.001);
  const top = slowest * 1.1;
  const x = (start: number) => 1 + ((start - from) / (to - from)) * 98;
  const y = (duration: number) => 100 - (duration / top) * 100;
  return (
    <figure className="scatter">
      <svg aria-hidden="true" preserveAspectRatio="none" viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        {ticks(milliseconds(top), 3).map((tick) => (
          <line
            key={tick}
            x1="0"
            x2={WIDTH}
            y1={(y(tick) / 100) * HEIGHT}
            y2={(y(tick) / 100) * HEIGHT}
          />
        ))}
      </svg>
      {ticks(milliseconds(top), 3)
        .slice(1)
        .map((tick) => (
          <span className="scatter-tick" key={tick} style={{ top: `${y(tick)}%` }}>
            {formatDuration(milliseconds(tick))}
          </span>
        ))}
      {traces.map((trace) => (
        <button
          aria-label={`${trace.rootService} ${trace.rootOperation}, ${formatDuration(trace.durationMs)}`}
          className="scatter-mark"
          data-failed={trace.errors > 0 ? "" : undefined}
          key={trace.traceId}
          onClick={() => onOpen(trace.traceId)}
          style={{ left: `${x(trace.start)}%`, top: `${y(trace.durationMs)}%` }}
          tabIndex={-1}
          title={`${trace.rootOperation} ${formatDuration(trace.durationMs)} at ${formatClock(trace.start)} UTC`}
          type="button"
        />
      ))}
      <figcaption>
        <span>{formatClock(unixSeconds(from))} UTC</span>
        <span>{formatClock(unixSeconds(to))} UTC</span>
      </figcaption>
    </figure>
  );
}
