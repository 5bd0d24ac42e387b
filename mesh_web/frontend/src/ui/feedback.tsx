// What the mesh answers: findings, problems, proof of convergence, differences.
import type { ReactNode } from "react";
import { lineDiff } from "../domain/diff";
import {
  ackGroups,
  type Change,
  convergenceSentence,
  type Finding,
  type ProxyAck,
  revisionTone,
  type WriteResult,
} from "../domain/mesh";
import { formatDuration } from "../domain/units";
import type { Place } from "../domain/yamlPlace";
import { Chip, Spinner } from "./controls";
import { Icon, type IconName } from "./Icon";

const NAMED = /^\w+ [^/\s]*\/\S+$/;

/** What a finding is about, and the way to it; beside a text that is edited it opens in another tab. */
function Named({ resource, beside }: { readonly resource: string; readonly beside: boolean }) {
  if (!NAMED.test(resource)) return <span>{resource}</span>;
  return (
    <a href={`/config?${new URLSearchParams({ resource })}`} target={beside ? "_blank" : undefined}>
      {resource}
    </a>
  );
}

/** With `placeOf` a finding says where it stands in the text beside it, and a press goes there. */
export function Findings({
  findings,
  placeOf,
  onPlace,
}: {
  readonly findings: readonly Finding[];
  readonly placeOf?: (finding: Finding) => Place | null;
  readonly onPlace?: (place: Place) => void;
}) {
  if (findings.length === 0) return null;
  const standing = (finding: Finding) => {
    const place = placeOf?.(finding) ?? null;
    return (
      place !== null && (
        <button className="link" onClick={() => onPlace?.({ ...place })} type="button">
          line {place.line}, column {place.column}
        </button>
      )
    );
  };
  return (
    <ul className="stack" data-testid="findings">
      {findings.map((finding) => (
        <li
          className="finding"
          data-severity={finding.severity}
          key={`${finding.code}${finding.resource}${finding.path}${finding.message}`}
        >
          <header>
            <b>{finding.code}</b>
            {placeOf?.(finding) ? (
              <span>{finding.resource}</span>
            ) : (
              <Named beside={placeOf !== undefined} resource={finding.resource} />
            )}
            {finding.path !== "" && <span>{finding.path}</span>}
            {standing(finding)}
          </header>
          <p>{finding.message}</p>
          {finding.fix !== "" && <p className="fix">{finding.fix}</p>}
        </li>
      ))}
    </ul>
  );
}

interface Failure {
  readonly message: string;
  readonly findings?: readonly Finding[];
}

/** Something that went wrong, what it says, and how to go on. */
export function Problem({
  error,
  action,
}: {
  readonly error: Failure;
  readonly action?: ReactNode;
}) {
  return (
    <div className="problem" role="alert">
      <div className="row">
        <Icon name="error" />
        <p>{error.message}</p>
      </div>
      <Findings findings={error.findings ?? []} />
      {action}
    </div>
  );
}

export function Empty({
  icon,
  title,
  children,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="empty">
      <Icon name={icon} size={36} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export const Loading = ({ what }: { readonly what: string }) => (
  <div className="empty" role="status">
    <Spinner />
    <span>Loading {what} …</span>
  </div>
);

function Ack({ proxy, slowest }: { readonly proxy: ProxyAck; readonly slowest: number }) {
  return (
    <li className="ack" title={proxy.error === "" ? proxy.id : proxy.error}>
      <span>{proxy.pod === "" ? proxy.id : proxy.pod}</span>
      {proxy.ms !== null && (
        <>
          <span className="ack-bar">
            <i style={{ width: `${(proxy.ms / slowest) * 100}%` }} />
          </span>
          <span className="number muted">{formatDuration(proxy.ms)}</span>
        </>
      )}
    </li>
  );
}

/** Each proxy's time; with headings that count them where not all have acknowledged. */
function Acks({ state, proxies }: Pick<WriteResult, "state" | "proxies">) {
  const slowest = Math.max(...proxies.map((proxy) => proxy.ms ?? 0), 1);
  const groups = ackGroups(state, proxies);
  const plain = groups.every((group) => group.word === "acknowledged");
  return (
    <div className="acks" data-testid="acks">
      {groups.map((group) => (
        <section key={group.word}>
          {!plain && (
            <h4 data-word={group.word}>
              {group.proxies.length} {group.word}
            </h4>
          )}
          <ul aria-label={`Proxies: ${group.word}`}>
            {group.proxies.map((proxy) => (
              <Ack key={proxy.id} proxy={proxy} slowest={slowest} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** "6 of 6 proxies converged in 34 ms", and each proxy's own time. */
export function Convergence({
  result,
  action,
}: {
  readonly result: Pick<WriteResult, "state" | "ms" | "converged" | "total" | "proxies">;
  readonly action?: ReactNode;
}) {
  const tone = revisionTone(result.state);
  return (
    <div className="convergence" data-testid="convergence" data-tone={tone} role="status">
      <div className="row">
        {tone === "good" ? <Icon name="check" /> : <Chip tone={tone}>{result.state}</Chip>}
        <strong>{convergenceSentence(result)}</strong>
      </div>
      <Acks proxies={result.proxies} state={result.state} />
      {action !== undefined && action !== false && <div>{action}</div>}
    </div>
  );
}

/** Shown while a write is on its way to the proxies. */
export const Pushing = ({ what }: { readonly what: string }) => (
  <div className="convergence" data-tone="busy" role="status">
    <div className="row">
      <Spinner />
      <strong>{what}</strong>
    </div>
  </div>
);

function Diff({ before, after }: Pick<Change, "before" | "after">) {
  const signs = { same: " ", added: "+", removed: "−" } as const;
  return (
    <div className="diff">
      {lineDiff(before, after).map((line) => (
        <div
          className="diff-line"
          data-kind={line.kind}
          key={`${line.kind}${line.before}:${line.after}`}
        >
          <span>{line.before}</span>
          <span>{line.after}</span>
          <span>{signs[line.kind]}</span>
          <code>{line.text}</code>
        </div>
      ))}
    </div>
  );
}

export function Changes({ changes }: { readonly changes: readonly Change[] }) {
  const tones = { create: "good", update: "busy", delete: "bad" } as const;
  const tone = (action: string) =>
    action in tones ? tones[action as keyof typeof tones] : "neutral";
  return (
    <div className="stack">
      {changes.map((change) => (
        <section className="stack" key={change.resource}>
          <div className="row">
            <span
              className="chip"
              data-tone={tone(change.action) === "busy" ? "" : tone(change.action)}
            >
              {change.action}
            </span>
            <span className="mono">{change.resource}</span>
          </div>
          <Diff after={change.after} before={change.before} />
        </section>
      ))}
    </div>
  );
}
