// The way of a request: each proxy a stop, each decision a step, with what made it so.
import type { ReactNode } from "react";
import {
  type Considered,
  type Destination,
  type Ended,
  effectsOf,
  type Guarded,
  type Hop,
  type MadeFrom,
  type Onward,
  percentText,
  type Tokens,
  type Turn,
  toneOf,
} from "../../domain/explain";
import { Chip } from "../../ui/controls";
import { Icon, type IconName } from "../../ui/Icon";
import { Link } from "../../ui/router";

const SIDES: Readonly<Record<string, string>> = {
  outbound: "its sidecar, on the way out",
  inbound: "its sidecar, on the way in",
  gateway: "a gateway",
  none: "no proxy",
};
const ENDINGS: Readonly<Record<Ended["ending"], string>> = {
  application: "The application answers",
  outside: "Leaves the mesh",
  answered: "The mesh answers",
  closed: "The connection is closed",
};

function Made({ from }: { readonly from: MadeFrom }) {
  if (from.resource === "") return null;
  return (
    <Link
      className="made"
      href={`/config?${new URLSearchParams({ resource: from.resource })}`}
      title={`Open ${from.resource}`}
    >
      {from.resource} <span className="mono">{from.path}</span>
    </Link>
  );
}

function Step({
  icon,
  title,
  tone,
  children,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly tone?: "good" | "bad" | "warning";
  readonly children: ReactNode;
}) {
  return (
    <li className="way-step" data-tone={tone}>
      <Icon name={icon} size={16} />
      <div>
        <h4>{title}</h4>
        {children}
      </div>
    </li>
  );
}

/** What was looked at and did not match, folded away. */
function Rest({
  considered,
  what,
}: {
  readonly considered: readonly Considered[];
  readonly what: string;
}) {
  if (considered.length === 0) return null;
  return (
    <details className="way-rest">
      <summary>
        {considered.length} {what}
      </summary>
      <ul>
        {considered.map((one) => (
          <li key={`${one.name}${one.path}`}>
            <b>{one.name}</b> {one.reason} <Made from={one} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Token({ tokens }: { readonly tokens: Tokens }) {
  return (
    <Step icon="shield" title={`Token: ${tokens.verdict}`} tone={tokens.passes ? "good" : "bad"}>
      <p>{tokens.message}</p>
      <Rest considered={tokens.providers} what="rules for tokens" />
    </Step>
  );
}

function Guard({ guard }: { readonly guard: Guarded }) {
  const held = guard.rules.filter((rule) => rule.holds);
  const title = `${guard.dryRun ? "Dry run, " : ""}${guard.action}`;
  const refused = guard.dryRun ? "warning" : "bad";
  return (
    <Step icon="lock" title={title} tone={guard.passes ? "good" : refused}>
      <p>{guard.message}</p>
      {held.map((rule) => (
        <p className="muted" key={rule.name}>
          {rule.reason} <Made from={rule} />
        </p>
      ))}
      <Rest considered={guard.rules.filter((rule) => !rule.holds)} what="rules did not hold" />
    </Step>
  );
}

function End({ one }: { readonly one: Ended }) {
  const status = one.status === null ? "" : ` ${one.status}`;
  const grpc = one.grpcStatus === null ? "" : ` (gRPC status ${one.grpcStatus})`;
  const envoy = [one.flags, one.details].filter((word) => word !== "").join(" ");
  return (
    <div className="way-end" data-tone={toneOf(one)}>
      <b className="number">{percentText(one.share)}</b>
      <div>
        <strong>
          {ENDINGS[one.ending]}
          {status}
          {grpc}
        </strong>
        {one.ending === "application" ? (
          <p>{one.by}</p>
        ) : (
          <p>
            {one.message} <span className="muted">· {one.by}</span>
          </p>
        )}
        {envoy !== "" && <code className="muted">{envoy}</code>}
      </div>
    </div>
  );
}

export function Outcomes({ outcomes }: { readonly outcomes: readonly Ended[] }) {
  return (
    <section aria-label="How it may end" className="way-ends" data-testid="explain-outcomes">
      {outcomes.map((one) => (
        <End key={`${one.ending}${one.by}${one.message}${one.status}`} one={one} />
      ))}
    </section>
  );
}

const TLS: Readonly<Record<string, string>> = { mtls: "mTLS", tls: "TLS", none: "plain text" };

function Next({ onward }: { readonly onward: Onward }) {
  const listed = onward.endpoints.map(({ address, port }) => `${address}:${port}`).join(", ");
  return (
    <li>
      <p className="row" data-wrap="">
        <b className="number">{percentText(onward.share)}</b>
        <span className="mono small">{listed}</span>
        <Chip tone={onward.tls === "mtls" ? "secure" : "neutral"}>
          {TLS[onward.tls] ?? onward.tls}
        </Chip>
        {onward.trouble !== "" && <Chip tone="bad">{onward.trouble}</Chip>}
      </p>
      {onward.hop !== null && onward.share > 0 && <Way hop={onward.hop} />}
    </li>
  );
}

function To({ destination }: { readonly destination: Destination }) {
  const { subset, service, cluster, instead, member } = destination;
  const name = service === "" ? cluster : `${service}${subset === "" ? "" : ` · ${subset}`}`;
  const idle = destination.share === 0;
  const way = (
    <ul className="way-next">
      {destination.onward.map((onward) => (
        <Next key={onward.endpoints.map((one) => one.address).join()} onward={onward} />
      ))}
    </ul>
  );
  return (
    <li className="way-to" data-idle={idle ? "" : undefined}>
      <div className="row" data-wrap="">
        <b className="number">{percentText(destination.share)}</b>
        <span className="share" style={{ "--share": `${destination.share}%` } as object} />
        <strong>{name}</strong>
        <Made from={destination} />
      </div>
      <p className="muted mono small">
        {cluster}
        {member !== "" && ` → ${member}`}
      </p>
      {instead !== null && (
        <p>
          When {instead.on.join(" or ")}:{" "}
          {instead.status === null ? `sent to ${instead.target}` : `answered ${instead.status}`}{" "}
          instead. <Made from={instead} />
        </p>
      )}
      {destination.onward.length === 0 && <Chip tone="bad">no endpoint</Chip>}
      {idle && destination.onward.length > 0 ? (
        <details className="way-rest">
          <summary>takes nothing now</summary>
          {way}
        </details>
      ) : (
        way
      )}
    </li>
  );
}

function Turned({
  turn,
  hop,
  several,
}: {
  readonly turn: Turn;
  readonly hop: Hop;
  readonly several: boolean;
}) {
  const route = turn.route;
  const effects = turn.effects === null ? [] : effectsOf(turn.effects);
  return (
    <>
      {route !== null && (
        <Step icon="traces" title={`Route ${route.name}`} tone="good">
          {several && <Chip>{percentText(turn.share)} of the requests</Chip>}
          <p>
            {route.reason} <Made from={route} />
          </p>
          {effects.length > 0 && (
            <ul className="way-effects">
              {effects.map((effect) => (
                <li key={effect}>{effect}</li>
              ))}
            </ul>
          )}
        </Step>
      )}
      {hop.virtualHost !== null && route === null && (
        <Step icon="traces" title="No route" tone="bad">
          <p>None of its routes takes the request.</p>
        </Step>
      )}
      {turn.ends.map((one) => (
        <li className="way-stop" key={one.message}>
          <End one={one} />
        </li>
      ))}
      {turn.destinations.length > 0 && (
        <li className="way-stop">
          <ul className="way-destinations">
            {turn.destinations.map((one) => (
              <To destination={one} key={one.cluster} />
            ))}
          </ul>
        </li>
      )}
    </>
  );
}

/** One proxy, and through its destinations all that follow. */
export function Way({ hop }: { readonly hop: Hop }) {
  const { listener, virtualHost } = hop;
  const missed = hop.routes.filter((route) => !route.holds);
  return (
    <article className="way" data-side={hop.side} data-testid="explain-hop">
      <header className="row" data-wrap="">
        <Icon name={hop.side === "gateway" ? "gateway" : "workloads"} />
        <h3>
          {hop.namespace}/{hop.workload}
        </h3>
        <span className="muted">{SIDES[hop.side] ?? hop.side}</span>
        {hop.proxy !== "" && (
          <Link className="small" href={`/proxies/${encodeURIComponent(hop.proxy)}`}>
            {hop.pod}
          </Link>
        )}
      </header>
      <ol className="way-steps">
        {listener !== null && (
          <Step
            icon="proxies"
            title={`Listener ${listener.address}:${listener.port}`}
            tone={listener.refused === "" ? "good" : "bad"}
          >
            <p>
              {listener.refused === "" ? listener.reason : `Refused: ${listener.refused}`}{" "}
              <Made from={listener} />
            </p>
          </Step>
        )}
        {virtualHost !== null && (
          <Step icon="globe" title={`Virtual host ${virtualHost.name}`} tone="good">
            <p>
              <code>{virtualHost.domain}</code> by {virtualHost.how}, in {hop.routeTable}
            </p>
            <Rest considered={missed} what="routes did not match" />
          </Step>
        )}
        {hop.tokens !== null && <Token tokens={hop.tokens} />}
        {hop.guards.map((guard) => (
          <Guard guard={guard} key={`${guard.action}${guard.dryRun}`} />
        ))}
        {hop.turns.map((turn) => (
          <Turned
            hop={hop}
            key={turn.route?.name ?? "none"}
            several={hop.turns.length > 1}
            turn={turn}
          />
        ))}
      </ol>
    </article>
  );
}
