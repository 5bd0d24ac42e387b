// What is scraped: pools of targets, how each does, and why one fails.
import { useState } from "react";
import { useTargets } from "../../api/targets";
import type { Tone } from "../../domain/mesh";
import {
  countTargets,
  type DroppedTarget,
  type Pool,
  poolsOf,
  TARGET_STATES,
  type Target,
  type TargetState,
  type Targets,
} from "../../domain/targets";
import { formatAge, formatDuration, milliseconds } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Chip } from "../../ui/controls";
import { Empty } from "../../ui/feedback";
import { Labels } from "../../ui/Labels";
import { Narrowing } from "../../ui/Narrowing";
import { PageHead } from "../../ui/PageHead";
import { METRICS_TABS } from "../../ui/places";
import { Table } from "../../ui/Table";
import { Tabs } from "../../ui/Tabs";
import { useNow } from "../../ui/useNow";
import "./targets.css";

const TONES: Readonly<Record<string, Tone>> = { up: "good", down: "bad" };

function TargetLine({ target }: { readonly target: Target }) {
  const now = useNow(1000);
  return (
    <tr data-testid={`target-${target.scrapeUrl}`}>
      <td data-label="Endpoint">
        <a className="mono target-url" href={target.scrapeUrl} rel="noreferrer" target="_blank">
          {target.scrapeUrl}
        </a>
        {target.lastError !== "" && <p className="small target-error">{target.lastError}</p>}
      </td>
      <td data-label="Health">
        <Chip tone={TONES[target.health] ?? "neutral"}>
          {target.health === "unknown" ? "not scraped yet" : target.health}
        </Chip>
      </td>
      <td data-label="Labels">
        <div>
          <Labels labels={target.labels} />
          <details className="target-discovered">
            <summary className="small muted">as discovered</summary>
            <Labels labels={target.discoveredLabels} />
          </details>
        </div>
      </td>
      <td className="nowrap" data-label="Last scrape">
        {target.lastScrape === null ? (
          "never"
        ) : (
          <>
            {formatAge(target.lastScrape, now)}
            <p className="muted small">
              in {formatDuration(milliseconds(target.lastScrapeDuration * 1000))}
            </p>
          </>
        )}
      </td>
      <td className="nowrap" data-label="Every">
        {target.scrapeInterval}
        <p className="muted small">at most {target.scrapeTimeout}</p>
      </td>
    </tr>
  );
}

function Dropped({
  count,
  some,
}: {
  readonly count: number;
  readonly some: readonly DroppedTarget[];
}) {
  if (count === 0) return null;
  return (
    <details className="target-dropped">
      <summary className="muted small">
        {count} discovered and left out
        {some.length < count && some.length > 0 ? `, the first ${some.length} of them:` : ""}
      </summary>
      <ul>
        {some.map((one) => (
          <li key={JSON.stringify(one.discoveredLabels)}>
            <Labels labels={one.discoveredLabels} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function PoolSection({
  pool,
  dropped,
}: {
  readonly pool: Pool;
  readonly dropped: readonly DroppedTarget[];
}) {
  return (
    <section className="stack" data-testid={`pool-${pool.name}`}>
      <div className="row" data-wrap="">
        <h2>{pool.name}</h2>
        {pool.total > 0 && (
          <Chip tone={pool.up === pool.total ? "good" : pool.up === 0 ? "bad" : "warning"}>
            {pool.up} of {pool.total} up
          </Chip>
        )}
      </div>
      {pool.targets.length > 0 && (
        <Table
          className="table targets"
          heads={["Endpoint", "Health", "Labels", "Last scrape", "Every"]}
        >
          {pool.targets.map((target) => (
            <TargetLine
              key={`${target.scrapeUrl} ${JSON.stringify(target.labels)}`}
              target={target}
            />
          ))}
        </Table>
      )}
      <Dropped count={pool.dropped} some={dropped} />
    </section>
  );
}

function Shown({ targets }: { readonly targets: Targets }) {
  const [words, setWords] = useState("");
  const [state, setState] = useState<TargetState>("all");
  if (targets.active.length === 0 && Object.keys(targets.droppedCounts).length === 0) {
    return (
      <Empty icon="search" title="Nothing is scraped">
        <p>
          Proxies and agents send their metrics themselves. To scrape an application as well, give
          its pods the annotation <code>prometheus.io/scrape: "true"</code> (and{" "}
          <code>prometheus.io/port</code>, <code>prometheus.io/path</code>), or name targets in a
          file.
        </p>
      </Empty>
    );
  }
  const pools = poolsOf(targets, words, state);
  return (
    <>
      <Narrowing
        countOf={(one) => countTargets(targets, one)}
        find="Find targets by address, label or error"
        label="Health"
        onState={setState}
        onWords={setWords}
        placeholder="Address, label, error"
        state={state}
        states={TARGET_STATES}
        testId="target-state"
      />
      {pools.length === 0 && <p className="muted">No target is like that.</p>}
      {pools.map((pool) => (
        <PoolSection
          dropped={targets.dropped.filter((one) => one.scrapePool === pool.name)}
          key={pool.name}
          pool={pool}
        />
      ))}
    </>
  );
}

export function TargetsPage() {
  const query = useTargets();
  return (
    <>
      <PageHead title="Targets">
        <Tabs label="Metrics" tabs={METRICS_TABS} />
      </PageHead>
      <div className="page-body stack">
        <Answered query={query} what="targets">
          {(targets) => <Shown targets={targets} />}
        </Answered>
      </div>
    </>
  );
}
