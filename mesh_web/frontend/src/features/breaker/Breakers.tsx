// The circuit breakers in front of one service: a row for each caller's proxy, and its endpoints.
import { useBreakers } from "../../api/queries";
import {
  type BreakerRow,
  type BreakerState,
  because,
  countdown,
  ordered,
  worstState,
} from "../../domain/breaker";
import { formatAge, type UnixSeconds } from "../../domain/units";
import { Chip } from "../../ui/controls";
import { Problem } from "../../ui/feedback";
import { Section } from "../../ui/Panel";
import { useNow } from "../../ui/useNow";
import "./breaker.css";

const TONES = { closed: "good", "half-open": "warning", open: "bad" } as const;
const SHOWN = 8;

/** A switch in a line: closed conducts, open does not. */
function Picture({ state }: { readonly state: BreakerState }) {
  const lever = { closed: "M14 12H34", "half-open": "M14 12 33 7", open: "M14 12 30 2" } as const;
  return (
    <svg
      aria-label={`The circuit is ${state}`}
      className="breaker-picture"
      data-state={state}
      height="18"
      role="img"
      viewBox="0 0 48 18"
      width="48"
    >
      <path d="M1 12H12M36 12H47" />
      <path d={lever[state]} />
      <circle cx="13" cy="12" r="2" />
      <circle cx="35" cy="12" r="2" />
    </svg>
  );
}

function Endpoints({ row, now }: { readonly row: BreakerRow; readonly now: UnixSeconds }) {
  if (row.endpoints.length === 0) return null;
  return (
    <ul className="breaker-endpoints">
      {row.endpoints.map((one) => (
        <li key={one.address}>
          <span className="breaker-dot" data-state={one.state} />
          <span className="mono" title={one.address}>
            {one.pod === "" ? one.address : one.pod}
          </span>
          <span className="muted" title={`Ejections in a row: ${one.ejections}`}>
            {one.state === "open" ? "back in " : "on trial for "}
            {countdown(one.until, now)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Limits({ row }: { readonly row: BreakerRow }) {
  const told = row.limits.filter((limit) => limit.reached || limit.turnedAway > 0);
  if (told.length === 0) return null;
  return (
    <p className="muted small">
      {told
        .map((limit) => {
          const away = limit.turnedAway > 0 ? `, ${limit.turnedAway} turned away` : "";
          return `${limit.name}: limit ${limit.most}${limit.reached ? " reached" : ""}${away}`;
        })
        .join("; ")}
    </p>
  );
}

function Breaker({ row, now }: { readonly row: BreakerRow; readonly now: UnixSeconds }) {
  return (
    <li className="breaker" data-testid="breaker">
      <Picture state={row.state} />
      <div>
        <div className="row" data-wrap="">
          <strong>{row.source.workload}</strong>
          <Chip tone={TONES[row.state]}>{row.state}</Chip>
          {row.subset !== "" && <Chip>{row.subset}</Chip>}
        </div>
        <p className="muted small" title={row.source.pod}>
          {because(row)}
          {row.since !== null && row.state !== "closed" && `, since ${formatAge(row.since, now)}`}
        </p>
        <Endpoints now={now} row={row} />
        <Limits row={row} />
      </div>
    </li>
  );
}

function says(closed: boolean, one: boolean): string {
  if (one) return closed ? "Requests get through." : "Not every request gets through.";
  return closed ? "Every caller gets through." : "Not every caller gets through.";
}

const isOf = (row: BreakerRow, caller: { namespace: string; workload: string }): boolean =>
  row.source.namespace === caller.namespace && row.source.workload === caller.workload;

/** With a `caller` only its own are told. */
export function Breakers({
  namespace,
  name,
  caller,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly caller?: { readonly namespace: string; readonly workload: string };
}) {
  const query = useBreakers(namespace, name);
  const now = useNow(1000);
  const rows = ordered(
    (query.data ?? []).filter((row) => caller === undefined || isOf(row, caller)),
  );
  if (query.error !== null) {
    return (
      <Section title="Circuit breaker">
        <Problem error={query.error} />
      </Section>
    );
  }
  if (rows.length === 0) return null;
  const worst = worstState(rows);
  const more = rows.length - SHOWN;
  return (
    <Section title="Circuit breaker">
      <p className="muted small">
        {says(worst === "closed", caller !== undefined)}{" "}
        <span className="mono">{rows[0]?.policy}</span>
      </p>
      <ul className="breakers" data-testid="breakers">
        {rows.slice(0, SHOWN).map((row) => (
          <Breaker key={`${row.source.pod}|${row.port}|${row.subset}`} now={now} row={row} />
        ))}
      </ul>
      {more > 0 && <p className="muted small">and {more} more</p>}
    </Section>
  );
}
