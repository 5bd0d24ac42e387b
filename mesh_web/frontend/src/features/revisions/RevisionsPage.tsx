// Every change of the configuration: who, what, how it went, and the way back.
import { useState } from "react";
import { useRevisionEffects } from "../../api/effects";
import { useFollowed, useRevert, useRevision, useRevisions } from "../../api/queries";
import { type Revision, revisionTone, type Trial, trialSentence } from "../../domain/mesh";
import { formatAge, formatDuration } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Button, Chip } from "../../ui/controls";
import { EnvoyEffects } from "../../ui/EnvoyEffects";
import {
  Changes,
  Convergence,
  Empty,
  Findings,
  Loading,
  Problem,
  Pushing,
} from "../../ui/feedback";
import { Insist } from "../../ui/Insist";
import { LiveMark } from "../../ui/LiveMark";
import { PageHead } from "../../ui/PageHead";
import { Section } from "../../ui/Panel";
import { Link } from "../../ui/router";
import { Sure } from "../../ui/Sure";
import { useMayWrite } from "../../ui/session";
import { useNow } from "../../ui/useNow";
import { PacePlot } from "./PacePlot";
import "./revisions.css";

function Line({ revision, chosen }: { readonly revision: Revision; readonly chosen: boolean }) {
  const now = useNow(5000);
  return (
    <li>
      <Link
        aria-current={chosen ? "true" : undefined}
        className="revision"
        href={`/revisions/${revision.number}`}
      >
        <b className="revision-number">{revision.number}</b>
        <span className="revision-text">
          <span title={revision.message}>
            {revision.message === "" ? "No message" : revision.message}
          </span>
          <span className="muted small">
            {revision.system ? "Meshweb" : revision.author} · {formatAge(revision.createdAt, now)}
          </span>
        </span>
        <span className="revision-state">
          <Chip tone={revisionTone(revision.state)}>{revision.state}</Chip>
          <span className="muted small">{formatDuration(revision.ms)}</span>
        </span>
      </Link>
    </li>
  );
}

function Revert({ revision }: { readonly revision: Revision }) {
  const revert = useRevert();
  const result = useFollowed(revert.data);
  if (revert.isPending) return <Pushing what={`Taking revision ${revision.number} back …`} />;
  return (
    <div className="stack">
      {revert.error !== null && (
        <Problem
          action={
            <Insist
              error={revert.error}
              onInsist={() => revert.mutate({ revision: revision.number, force: true })}
              verb="Revert"
            />
          }
          error={revert.error}
        />
      )}
      {result !== undefined && <Convergence result={result} />}
      <Sure
        ask={(open) => (
          <Button icon="undo" onClick={open}>
            Revert …
          </Button>
        )}
        onSure={() => revert.mutate({ revision: revision.number })}
        testId="confirm-revert"
        verb={`Revert revision ${revision.number}`}
      />
    </div>
  );
}

/** What Envoy said before any proxy was told; its words where it said no. */
function Tried({ trial }: { readonly trial: Trial | null }) {
  if (trial === null) return null;
  if (trial.outcome === "passed") return <p className="muted">{trialSentence(trial)}</p>;
  const refused = trial.outcome === "refused";
  return (
    <div className="convergence" data-testid="trial" data-tone={refused ? "bad" : "warning"}>
      <div className="row">
        <Chip tone={refused ? "bad" : "warning"}>{trial.outcome}</Chip>
        <strong>{trialSentence(trial)}</strong>
      </div>
      <p className="revision-words">{trial.error}</p>
    </div>
  );
}

function Detail({ number }: { readonly number: number }) {
  const { revision, error } = useRevision(number);
  const editable = useMayWrite();
  if (error !== null) return <Problem error={error} />;
  if (revision === null) return <Loading what="the revision" />;
  return (
    <article className="revision-detail">
      <Section title={`Revision ${revision.number}`}>
        <h2>{revision.message === "" ? "No message" : revision.message}</h2>
        {revision.reverts !== null && (
          <p className="muted">
            Takes back{" "}
            <Link href={`/revisions/${revision.reverts}`}>revision {revision.reverts}</Link>
          </p>
        )}
        <Tried trial={revision.trial} />
        {revision.trial?.outcome !== "refused" && <Convergence result={revision} />}
        {revision.p50Ms !== null && (
          <p className="muted small" data-testid="quantiles">
            Half of the proxies had it in {formatDuration(revision.p50Ms)}, 99 % in{" "}
            {formatDuration(revision.p99Ms)}.
          </p>
        )}
        {revision.traceId !== null && (
          <p className="small">
            <Link data-testid="revision-trace" href={`/traces/${revision.traceId}`}>
              Its trace, from the request to each proxy's answer
            </Link>
          </p>
        )}
        <Findings findings={revision.findings} />
        <p className="row small" data-wrap="">
          <Link
            href={`/revisions/compare?${new URLSearchParams({ a: `${revision.number - 1}`, b: `${revision.number}` })}`}
          >
            Compare
          </Link>
          <Link href={`/config?${new URLSearchParams({ at: `${revision.number}` })}`}>
            What was in force then
          </Link>
        </p>
        {editable && <Revert key={revision.number} revision={revision} />}
      </Section>
      <Section title="Changes">
        {revision.changes.length === 0 ? (
          <p className="muted">This revision changed no resource.</p>
        ) : (
          <Changes changes={revision.changes} />
        )}
      </Section>
      <Section title="In the Envoys">
        <InEnvoys number={revision.number} />
      </Section>
    </article>
  );
}

/** What it changed in each Envoy: shown when asked for, for it is worked out then. */
function InEnvoys({ number }: { readonly number: number }) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <div>
        <Button data-testid="show-effects" onClick={() => setAsked(true)}>
          Show what changed in each Envoy
        </Button>
      </div>
    );
  }
  return <AskedEffects number={number} />;
}

function AskedEffects({ number }: { readonly number: number }) {
  const query = useRevisionEffects(number);
  return (
    <Answered query={query} what="what changed in the Envoys">
      {(effects) => (
        <div className="stack">
          <p className="muted small">For the proxies that run now.</p>
          <EnvoyEffects effects={effects} />
        </div>
      )}
    </Answered>
  );
}

export function RevisionsPage({ chosen }: { readonly chosen: number | null }) {
  const { revisions: known, error, connection } = useRevisions();
  const revisions = known ?? [];
  const shown = chosen ?? revisions[0]?.number ?? null;
  return (
    <>
      <PageHead title="Revisions">
        <LiveMark connection={connection} />
        <span className="spacer" />
        {revisions.length > 1 && (
          <Link className="button" href="/revisions/compare">
            Compare two
          </Link>
        )}
      </PageHead>
      <div className="page-body">
        {error !== null && <Problem error={error} />}
        {known === null && error === null && <Loading what="revisions" />}
        {known !== null && revisions.length === 0 && (
          <Empty icon="revisions" title="No revision yet">
            <p>
              Every change of the mesh becomes a revision: numbered, with its author, its difference
              and each proxy's answer. <Link href="/config">Apply something</Link> to make the
              first.
            </p>
          </Empty>
        )}
        {chosen === null && <PacePlot chosen={shown} revisions={revisions} />}
        {revisions.length > 0 && (
          <div className="revisions" data-chosen={chosen === null ? undefined : ""}>
            <ul aria-label="Revisions" className="revision-list">
              {revisions.map((revision) => (
                <Line
                  chosen={revision.number === shown}
                  key={revision.number}
                  revision={revision}
                />
              ))}
            </ul>
            <div>
              {chosen !== null && (
                <Link className="button revisions-back" href="/revisions">
                  All revisions
                </Link>
              )}
              {shown !== null && <Detail key={shown} number={shown} />}
            </div>
          </div>
        )}
      </div>
    </>
  );
}
