// Half and nearly all of the proxies, revision by revision: how long they took.
import { type KeyboardEvent, type MouseEvent, useState } from "react";
import type { Revision } from "../../domain/mesh";
import { paceOf, paceScale } from "../../domain/pace";
import { formatDuration, milliseconds } from "../../domain/units";
import { navigate } from "../../ui/router";

const MOST = 50;
const percent = (share: number) => `${share * 100}%`;

export function PacePlot({
  revisions,
  chosen,
}: {
  readonly revisions: readonly Revision[];
  readonly chosen: number | null;
}) {
  const paces = paceOf(revisions, MOST);
  const [pointed, setPointed] = useState<number | null>(null);
  if (paces.length < 2) return null;
  const scale = paceScale(paces);
  const chosenAt = paces.findIndex((one) => one.number === chosen);
  const at = pointed ?? (chosenAt === -1 ? paces.length - 1 : chosenAt);
  const shown = paces[Math.min(at, paces.length - 1)];
  const open = () => shown !== undefined && navigate(`/revisions/${shown.number}`);
  const point = (event: MouseEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    setPointed(Math.max(0, Math.min(paces.length - 1, Math.floor(share * paces.length))));
  };
  const step = (event: KeyboardEvent) => {
    if (event.key === "Enter") open();
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setPointed(Math.max(0, Math.min(paces.length - 1, at + by)));
  };
  const words =
    shown === undefined
      ? ""
      : `Revision ${shown.number}: half of the proxies in ${formatDuration(shown.p50)}, 99 % in ${formatDuration(shown.p99)}`;
  return (
    <figure className="pace" data-testid="pace">
      <figcaption className="row" data-wrap="">
        <h2>Convergence</h2>
        <span aria-live="polite" className="muted small">
          {words}
        </span>
        <span className="spacer" />
        <span className="pace-key small" data-of="p50">
          p50
        </span>
        <span className="pace-key small" data-of="p99">
          p99
        </span>
      </figcaption>
      <div className="pace-frame">
        <div aria-hidden="true" className="pace-axis">
          {scale.ticks.map((tick) => (
            <span key={tick} style={{ top: percent(scale.y(tick)) }}>
              {formatDuration(milliseconds(tick))}
            </span>
          ))}
        </div>
        <div
          aria-label={`Convergence of the last ${paces.length} revisions; arrow keys read them, Enter opens one`}
          aria-valuemax={paces[paces.length - 1]?.number ?? 0}
          aria-valuemin={paces[0]?.number ?? 0}
          aria-valuenow={shown?.number ?? 0}
          aria-valuetext={words}
          className="pace-area"
          onClick={open}
          onKeyDown={step}
          onPointerLeave={() => setPointed(null)}
          onPointerMove={point}
          role="slider"
          tabIndex={0}
        >
          {scale.ticks.map((tick) => (
            <i className="pace-line" key={tick} style={{ top: percent(scale.y(tick)) }} />
          ))}
          {paces.map((one, i) => (
            <span
              className="pace-one"
              data-pointed={i === at ? "" : undefined}
              data-state={one.state}
              key={one.number}
              style={{ left: percent(scale.x(i)) }}
            >
              <i
                className="pace-span"
                style={{
                  top: percent(scale.y(one.p99)),
                  height: percent(scale.y(one.p50) - scale.y(one.p99)),
                }}
              />
              <i className="pace-dot" data-of="p99" style={{ top: percent(scale.y(one.p99)) }} />
              <i className="pace-dot" data-of="p50" style={{ top: percent(scale.y(one.p50)) }} />
            </span>
          ))}
        </div>
      </div>
    </figure>
  );
}
