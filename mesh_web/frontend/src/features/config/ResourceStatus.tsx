// What is known of one resource: how far it got, its conditions and findings, when it ends.
import { useState } from "react";
import { useApply, useDeleteResource, useFollowed } from "../../api/queries";
import { type Finding, revisionTone } from "../../domain/mesh";
import {
  type Condition,
  conditionHelp,
  conditionTone,
  LIFETIMES,
  type Resource,
  resourceTitle,
} from "../../domain/resources";
import { toYaml } from "../../domain/yaml";
import type { Place } from "../../domain/yamlPlace";
import { Button, Chip } from "../../ui/controls";
import { Convergence, Findings, Problem, Pushing } from "../../ui/feedback";
import { Insist } from "../../ui/Insist";
import { Link } from "../../ui/router";
import { Sure } from "../../ui/Sure";
import { Countdown } from "./Countdown";

function ConditionLine({ condition }: { readonly condition: Condition }) {
  const help = conditionHelp(condition);
  return (
    <li className="condition">
      <Chip tone={conditionTone(condition)}>
        {condition.type}: {condition.status}
      </Chip>{" "}
      {condition.reason !== condition.type && <b className="small">{condition.reason}</b>}
      {condition.message !== "" && <p className="small">{condition.message}</p>}
      {help !== "" && <p className="small muted">{help}</p>}
    </li>
  );
}

function Conditions({ resource }: { readonly resource: Resource }) {
  if (resource.groups.length === 0) return null;
  return (
    <section className="stack" data-testid="conditions">
      <h3>Conditions</h3>
      {resource.addresses.length > 0 && (
        <p className="small">
          Address <span className="mono">{resource.addresses.join(", ")}</span>
        </p>
      )}
      {resource.groups.map((group) => (
        <div key={`${group.title} ${group.detail}`}>
          <p>
            <b>{group.title}</b> <span className="muted small">{group.detail}</span>
          </p>
          <ul className="conditions">
            {group.conditions.map((one) => (
              <ConditionLine condition={one} key={one.type} />
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

const ENDS_AT = /^\s+["']?meshweb\.dev\/expires-(at|in)["']?:.*\n/gm;

/** Its end: told, moved or taken away, each by a revision that writes it as it is. */
function Lifetime({ resource }: { readonly resource: Resource }) {
  const [lasts, setLasts] = useState("10m");
  const apply = useApply();
  const result = useFollowed(apply.data);
  const ends = resource.expiresAt;
  const options = LIFETIMES.filter((one) => one.value !== "" || ends !== null);
  const yaml = toYaml(resource.shown).replace(ENDS_AT, "");
  const words = LIFETIMES.find((one) => one.value === lasts)?.label ?? lasts;
  return (
    <section className="stack" data-testid="lifetime">
      <h3>Ends</h3>
      <p>
        {ends === null ? (
          <span className="muted">It holds until somebody changes it.</span>
        ) : (
          <>
            <Countdown until={ends} />{" "}
            <span className="muted small">
              on {new Date(ends * 1000).toLocaleString()}; then it is put back as it was before, or
              goes where it was not there.
            </span>
          </>
        )}
      </p>
      <div className="row" data-wrap="">
        <select
          aria-label="From now on it holds"
          className="input config-choice"
          data-testid="lasts"
          onChange={(event) => setLasts(event.currentTarget.value)}
          value={lasts}
        >
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
        <Button
          busy={apply.isPending}
          data-testid="set-lifetime"
          onClick={() =>
            apply.mutate({
              yaml,
              dryRun: false,
              expires: lasts,
              message: `${resourceTitle(resource)} holds ${words}`,
            })
          }
        >
          {ends === null ? "Let it end" : "Change its end"}
        </Button>
      </div>
      {apply.error !== null && <Problem error={apply.error} />}
      {result !== undefined && <Convergence result={result} />}
    </section>
  );
}

function Delete({ resource }: { readonly resource: Resource }) {
  const remove = useDeleteResource();
  const result = useFollowed(remove.data);
  if (remove.isPending) return <Pushing what="Deleting, and waiting for the proxies …" />;
  return (
    <section className="stack">
      {remove.error !== null && (
        <Problem
          action={
            <Insist
              error={remove.error}
              onInsist={() => remove.mutate({ ...resource, force: true })}
              verb="Delete"
            />
          }
          error={remove.error}
        />
      )}
      {result !== undefined && <Convergence result={result} />}
      {result === undefined && (
        <Sure
          ask={(open) => (
            <Button icon="trash" onClick={open} tone="danger">
              Delete …
            </Button>
          )}
          onSure={() => remove.mutate(resource)}
          {...(resource.kind === "Namespace" && { says: "All that is in it goes with it." })}
          testId="confirm-delete"
          verb={`Delete ${resourceTitle(resource)}`}
        />
      )}
    </section>
  );
}

/** Shown beside the resource's text until that is checked or applied. */
export function ResourceStatus({
  resource,
  editable,
  placeOf,
  onPlace,
}: {
  readonly resource: Resource;
  readonly editable: boolean;
  readonly placeOf: (finding: Finding) => Place | null;
  readonly onPlace: (place: Place) => void;
}) {
  return (
    <div className="stack" data-testid="resource-status">
      <p className="row" data-wrap="">
        <Chip tone={revisionTone(resource.state)}>{resource.state}</Chip>
        <span>
          written by{" "}
          <Link href={`/revisions/${resource.revision}`}>revision {resource.revision}</Link>
        </span>
      </p>
      {resource.findings.length > 0 && (
        <section className="stack">
          <h3>Findings</h3>
          <Findings findings={resource.findings} onPlace={onPlace} placeOf={placeOf} />
        </section>
      )}
      <Conditions resource={resource} />
      {editable && <Lifetime resource={resource} />}
      {editable && <Delete resource={resource} />}
    </div>
  );
}
