// Lines over time: axes, a pointer that reads all of them at once, also by arrow keys.
import { type KeyboardEvent, type PointerEvent, useState } from "react";
import {
  COLOURS,
  type Exemplar,
  formatNumber,
  type Line,
  rangeOf,
  stretches,
  ticksOf,
  valueAt,
  type Window,
} from "../../domain/promql";
import { formatClock, formatMoment, unixSeconds } from "../../domain/units";
import { Link } from "../../ui/router";

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 8;

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly ticks: readonly number[];
}

function scaleOf(lines: readonly Line[], window: Window): Scale {
  const ticks = ticksOf(...rangeOf(lines));
  const [low = 0, high = 1] = [ticks[0], ticks[ticks.length - 1]];
  const across = (WIDTH - LEFT - 8) / (window.end - window.start || 1);
  const up = (HEIGHT - BOTTOM - TOP) / (high - low || 1);
  return {
    x: (at) => LEFT + (at - window.start) * across,
    y: (value) => HEIGHT - BOTTOM - (value - low) * up,
    ticks,
  };
}

function Curve({
  line,
  scale,
  step,
  colour,
}: {
  readonly line: Line;
  readonly scale: Scale;
  readonly step: number;
  readonly colour: number;
}) {
  const parts = stretches(line.points, step).map((points) =>
    points
      .map(({ at, value }) => `${scale.x(at).toFixed(1)} ${scale.y(value).toFixed(1)}`)
      .join("L"),
  );
  return (
    <path className={`plot-line colour-${colour}`} d={parts.map((d) => `M${d}h.01`).join("")} />
  );
}

function Axes({ scale, window }: { readonly scale: Scale; readonly window: Window }) {
  const moments = [0, 1, 2, 3, 4].map((i) =>
    unixSeconds(window.start + ((window.end - window.start) * i) / 4),
  );
  return (
    <g className="plot-axes">
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <line x1={LEFT} x2={WIDTH - 8} y1={scale.y(tick)} y2={scale.y(tick)} />
          <text dominantBaseline="middle" textAnchor="end" x={LEFT - 8} y={scale.y(tick)}>
            {formatNumber(tick)}
          </text>
        </g>
      ))}
      {moments.map((at, i) => (
        <text
          key={at}
          textAnchor={i === 0 ? "start" : i === 4 ? "end" : "middle"}
          x={scale.x(at)}
          y={HEIGHT - 6}
        >
          {formatClock(at)}
        </text>
      ))}
    </g>
  );
}

const MOST_EXEMPLARS = 150;

/** Single requests as dots that open their traces; what lies beyond the axis stands at its end. */
function Exemplars({
  exemplars,
  scale,
  window,
}: {
  readonly exemplars: readonly Exemplar[];
  readonly scale: Scale;
  readonly window: Window;
}) {
  const shown = exemplars.filter((one) => one.at >= window.start && one.at <= window.end);
  const height = (value: number) =>
    Math.max(TOP, Math.min(HEIGHT - BOTTOM, scale.y(Number.isFinite(value) ? value : 0)));
  return shown.slice(0, MOST_EXEMPLARS).map((one) => (
    <Link
      aria-label={`Trace of a request with ${formatNumber(one.value)} at ${formatClock(one.at)}`}
      className="plot-exemplar"
      href={`/traces/${one.traceId}`}
      key={`${one.traceId} ${one.series}`}
      style={{
        left: `${(scale.x(one.at) / WIDTH) * 100}%`,
        top: `${(height(one.value) / HEIGHT) * 100}%`,
      }}
      title={`${formatNumber(one.value)} at ${formatClock(one.at)}: open its trace`}
    />
  ));
}

export function Plot({
  lines,
  exemplars,
  window,
}: {
  readonly lines: readonly Line[];
  readonly exemplars: readonly Exemplar[];
  readonly window: Window;
}) {
  const [at, setAt] = useState<number | null>(null);
  const scale = scaleOf(lines, window);
  const within = (moment: number) => Math.min(window.end, Math.max(window.start, moment));
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const share = (x - LEFT) / (WIDTH - LEFT - 8);
    const moment = window.start + share * (window.end - window.start);
    setAt(within(Math.round(moment / window.step) * window.step));
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -window.step, ArrowRight: window.step }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setAt((before) => within((before ?? window.end) + by));
  };
  return (
    <figure className="plot">
      <div className="plot-frame">
        <div
          aria-label={`${lines.length} lines from ${formatClock(window.start)} to ${formatClock(window.end)}; arrow keys read values`}
          aria-valuemax={window.end}
          aria-valuemin={window.start}
          aria-valuenow={at ?? window.end}
          aria-valuetext={formatClock(unixSeconds(at ?? window.end))}
          className="plot-area"
          onKeyDown={step}
          onPointerLeave={() => setAt(null)}
          onPointerMove={point}
          role="slider"
          tabIndex={0}
        >
          <svg aria-hidden="true" viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
            <Axes scale={scale} window={window} />
            {lines.map((line, i) => (
              <Curve
                colour={i % COLOURS}
                key={line.name}
                line={line}
                scale={scale}
                step={window.step}
              />
            ))}
            {at !== null && (
              <line
                className="plot-pointer"
                x1={scale.x(at)}
                x2={scale.x(at)}
                y1={TOP}
                y2={HEIGHT - BOTTOM}
              />
            )}
          </svg>
        </div>
        <Exemplars exemplars={exemplars} scale={scale} window={window} />
      </div>
      <figcaption aria-live="polite">
        {at === null
          ? "Point into the plot to read its values. Times are in UTC."
          : formatMoment(unixSeconds(at))}
      </figcaption>
      <ul className="plot-legend">
        {lines.map((line, i) => {
          const value = at === null ? null : valueAt(line, at, window.step);
          return (
            <li key={line.name}>
              <span aria-hidden="true" className={`plot-key colour-${i % COLOURS}`} />
              <code>{line.name}</code>
              {value !== null && <b>{formatNumber(value)}</b>}
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
