// Every change of the configuration: who, what, how it went, and the way back.
import { useEffect, useState } from "react";
import { useFollowed, useRevert, useRevision, useRevisions } from "../../api/queries";
import { type Revision, revisionTone } from "../../domain/mesh";
import { formatAge, formatDuration } from "../../domain/units";
import { Button, Chip } from "../../ui/controls";
import {
  Changes,
  Convergence,
  Empty,
  Findings,
  Loading,
  Problem,
  Pushing,
} from "../../ui/feedback";
import { LiveMark } from "../../ui/LiveMark";
import { PageHead } from "../../ui/PageHead";
import { Section } from "../../ui/Panel";
import { Link } from "../../ui/router";
import { useMayWrite } from "../../ui/session";
import { useNow } from "../../ui/useNow";
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
          <span>{revision.message === "" ? "No message" : revision.message}</span>
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
  const [sure, setSure] = useState(false);
  const revert = useRevert();
  const result = useFollowed(revert.data);
  if (revert.isPending) return <Pushing what={`Taking revision ${revision.number} back …`} />;
  return (
    <div className="stack">
      {revert.error !== null && <Problem error={revert.error} />}
      {result !== undefined && <Convergence result={result} />}
      {sure ? (
        <div className="row">
          <Button
            data-testid="confirm-revert"
            onClick={() => {
              setSure(false);
              revert.mutate(revision.number);
            }}
            tone="danger"
          >
            Revert revision {revision.number}
          </Button>
          <Button onClick={() => setSure(false)} tone="quiet">
            Keep it
          </Button>
        </div>
      ) : (
        <div>
          <Button icon="undo" onClick={() => setSure(true)}>
            Revert …
          </Button>
        </div>
      )}
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
        <Convergence result={revision} />
        <Findings findings={revision.findings} />
        {editable && <Revert key={revision.number} revision={revision} />}
      </Section>
      <Section title="Changes">
        {revision.changes.length === 0 ? (
          <p className="muted">This revision changed no resource.</p>
        ) : (
          <Changes changes={revision.changes} />
        )}
      </Section>
    </article>
  );
}

export function RevisionsPage({ chosen }: { readonly chosen: number | null }) {
  const { revisions: known, error, connection } = useRevisions();
  const revisions = known ?? [];
  const shown = chosen ?? revisions[0]?.number ?? null;
  useEffect(() => {
    document.title = "Revisions · Meshweb";
  }, []);
  return (
    <>
      <PageHead title="Revisions">
        <LiveMark connection={connection} />
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
        {revisions.length > 0 && (
          <div className="revisions" data-chosen={chosen === null ? undefined : ""}>
            <ul className="revision-list">
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
