// Applying Istio YAML: checked first, applied with proof.
import { useEffect, useMemo, useState } from "react";
import { ApiError } from "../../api/client";
import { useApply, useFollowed } from "../../api/queries";
import { useResource } from "../../api/resources";
import type { Finding } from "../../domain/mesh";
import { LIFETIMES, type Resource, resourceTitle, whenWords } from "../../domain/resources";
import { toYaml } from "../../domain/yaml";
import { documentOf, type Place, placeInMessage, placeOf } from "../../domain/yamlPlace";
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
import { PageHead } from "../../ui/PageHead";
import { CONFIG_TABS } from "../../ui/places";
import { Link, useSearch } from "../../ui/router";
import { useMayWrite } from "../../ui/session";
import { Tabs } from "../../ui/Tabs";
import { type Marks, YamlEditor } from "../../ui/YamlEditor";
import { ResourceStatus } from "./ResourceStatus";
import "./config.css";

const KEPT = "meshweb.yaml";
const EXAMPLE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: shop
spec:
  hosts: [reviews]
  http:
    - match:
        - headers:
            end-user: {exact: tester}
      route:
        - destination: {host: reviews, subset: v2}
    - route:
        - destination: {host: reviews, subset: v1}
`;

interface Standing {
  readonly placeOf: (finding: Finding) => Place | null;
  readonly onPlace: (place: Place) => void;
}

/** A refusal in words, and its findings where they stand. */
function Refused({
  error,
  standing,
  onInsist,
}: {
  readonly error: Error;
  readonly standing: Standing;
  readonly onInsist: (() => void) | null;
}) {
  return (
    <div className="stack">
      <Problem error={{ message: error.message }} />
      <Findings findings={error instanceof ApiError ? error.findings : []} {...standing} />
      {onInsist !== null && <Insist error={error} onInsist={onInsist} verb="Apply" />}
    </div>
  );
}

function Outcome({
  check,
  apply,
  standing,
  onInsist,
}: {
  readonly check: ReturnType<typeof useApply>;
  readonly apply: ReturnType<typeof useApply>;
  readonly standing: Standing;
  readonly onInsist: (() => void) | null;
}) {
  const applied = useFollowed(apply.data);
  const checked = check.data;
  if (check.isPending) return <Pushing what="Checking …" />;
  if (apply.isPending) return <Pushing what="Applying, and waiting for the proxies …" />;
  const error = apply.error ?? check.error;
  if (error !== null) return <Refused error={error} onInsist={onInsist} standing={standing} />;
  if (applied !== undefined) {
    return (
      <div className="stack">
        <Convergence
          action={
            applied.revision !== null && (
              <Link href={`/revisions/${applied.revision}`}>Revision {applied.revision}</Link>
            )
          }
          result={applied}
        />
        <Findings findings={applied.findings} {...standing} />
        <Changes changes={applied.changes} />
      </div>
    );
  }
  if (checked !== undefined) {
    return (
      <div className="stack">
        <div className="row">
          <Chip tone="good">Valid</Chip>
          <span className="muted">
            {checked.changes.length === 0
              ? "Nothing would change."
              : `${checked.changes.length} ${checked.changes.length === 1 ? "resource" : "resources"} would change.`}
            {checked.proxies.length > 0 && ` ${checked.proxies.length} proxies are concerned.`}
          </span>
        </div>
        <Findings findings={checked.findings} {...standing} />
        <Changes changes={checked.changes} />
        {checked.effects !== null && checked.changes.length > 0 && (
          <section className="stack">
            <h3>In the Envoys</h3>
            <EnvoyEffects effects={checked.effects} />
          </section>
        )}
      </div>
    );
  }
  return (
    <p className="muted">
      Check shows findings and what would change; nothing is stored until you apply. Several
      documents, separated by <code>---</code>, become one revision.
    </p>
  );
}

const NAMED = /^(\w+) ([^/\s]*)\/(\S+)$/;

/** Where a finding about one of these documents stands. */
function standsAt(yaml: string, finding: Finding): Place | null {
  const [, kind = "", , name = ""] = NAMED.exec(finding.resource) ?? [];
  const document = documentOf(yaml, { kind, name });
  if (document === null) return placeInMessage(finding.message);
  return placeOf(document.text, finding.path, document.firstLine);
}

/** The resource that the address names, now or at `at`; its text as it was when it was opened. */
function useNamed() {
  const search = useSearch();
  const at = search.get("at") ?? "";
  const asked = search.get("resource");
  const [, kind, namespace = "", name] = NAMED.exec(asked ?? "") ?? [];
  const of = kind === undefined || name === undefined ? null : { kind, namespace, name };
  const { data, error } = useResource(of, at);
  return { asked, at, of, resource: data, error };
}

const EXTRA_FINDINGS: readonly Finding[] = [];

export function ConfigPage() {
  const { asked, at, of, resource, error } = useNamed();
  if (of === null) return <Editor at="" key="" resource={null} title="Configuration" />;
  if (error !== null || resource === null) {
    return (
      <>
        <PageHead title={asked ?? ""}>
          <Link href="/config">All resources</Link>
        </PageHead>
        <div className="page-body">
          {error !== null ? (
            <Problem error={error} />
          ) : (
            <Empty icon="search" title={`It was not there ${whenWords(at)}`}>
              <Link href={`/config?${new URLSearchParams({ resource: asked ?? "" })}`}>
                See it as it is now
              </Link>
            </Empty>
          )}
        </div>
      </>
    );
  }
  if (resource === undefined) return <Loading what={asked ?? "the resource"} />;
  return (
    <Editor at={at} key={`${asked} ${at}`} resource={resource} title={resourceTitle(resource)} />
  );
}

function Editor({
  resource,
  at,
  title,
}: {
  readonly resource: Resource | null;
  readonly at: string;
  readonly title: string;
}) {
  const editable = useMayWrite();
  const [yaml, setYaml] = useState(() =>
    resource === null ? (sessionStorage.getItem(KEPT) ?? EXAMPLE) : toYaml(resource.shown),
  );
  const [opened, setOpened] = useState(resource?.version);
  const [message, setMessage] = useState("");
  const [expires, setExpires] = useState("");
  const [goTo, setGoTo] = useState<Place | null>(null);
  const check = useApply();
  const apply = useApply();
  const busy = check.isPending || apply.isPending;
  const now = (given: ReturnType<typeof useApply>) => given.variables?.yaml === yaml;
  const checked = check.data !== undefined && now(check) && check.variables?.expires === expires;
  const touched = check.variables !== undefined || apply.variables !== undefined;

  useEffect(() => {
    if (resource === null) sessionStorage.setItem(KEPT, yaml);
  }, [yaml, resource]);

  const standing = { placeOf: (one: Finding) => standsAt(yaml, one), onPlace: setGoTo };
  const said = now(apply) || now(check) ? (findingsOf(apply) ?? findingsOf(check)) : null;
  const found =
    said ?? (touched || at !== "" ? EXTRA_FINDINGS : (resource?.findings ?? EXTRA_FINDINGS));
  const marks = useMemo((): Marks => {
    const lines = found.flatMap((one) => {
      const place = standsAt(yaml, one);
      return place === null ? [] : [[place.line, one.severity] as const];
    });
    return new Map(lines);
  }, [found, yaml]);
  const stale = resource !== null && opened !== resource.version && !touched;

  return (
    <>
      <PageHead title={title}>
        {resource === null ? (
          <Tabs label="Configuration" tabs={CONFIG_TABS} />
        ) : (
          <Link href={at === "" ? "/config" : `/config?${new URLSearchParams({ at })}`}>
            All resources
          </Link>
        )}
        {at !== "" && <Chip tone="warning">as it was {whenWords(at)}</Chip>}
        <span className="spacer" />
        <input
          aria-label="Message of the revision"
          className="input config-message"
          onChange={(event) => setMessage(event.currentTarget.value)}
          placeholder="Why? (message of the revision)"
          value={message}
        />
        <select
          aria-label="How long it holds"
          className="input config-choice"
          data-testid="expires"
          onChange={(event) => {
            setExpires(event.currentTarget.value);
            apply.reset();
          }}
          value={expires}
        >
          {LIFETIMES.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
        <Button
          busy={check.isPending}
          data-testid="check-yaml"
          disabled={busy || yaml.trim() === ""}
          onClick={() => {
            apply.reset();
            check.mutate({ yaml, dryRun: true, message: "", expires });
          }}
        >
          Check
        </Button>
        <Button
          busy={apply.isPending}
          data-testid="apply-yaml"
          disabled={busy || !editable || !checked}
          onClick={() => apply.mutate({ yaml, dryRun: false, message, expires })}
          title={checked ? "Apply to the mesh" : "Check it first"}
          tone="primary"
        >
          Apply
        </Button>
      </PageHead>
      <div className="page-body config">
        <YamlEditor
          goTo={goTo}
          marks={marks}
          onChange={(text) => {
            setYaml(text);
            apply.reset();
          }}
          value={yaml}
        />
        <div aria-live="polite" className="stack config-outcome">
          {stale && (
            <p className="row" data-wrap="">
              <Chip tone="warning">changed meanwhile</Chip>
              <Button
                onClick={() => {
                  setYaml(toYaml(resource.shown));
                  setOpened(resource.version);
                }}
              >
                Take revision {resource.revision}
              </Button>
            </p>
          )}
          {(touched || resource === null) && (
            <Outcome
              apply={apply}
              check={check}
              onInsist={
                editable
                  ? () => apply.mutate({ yaml, dryRun: false, message, expires, force: true })
                  : null
              }
              standing={standing}
            />
          )}
          {resource !== null && at === "" && (
            <ResourceStatus editable={editable} resource={resource} {...standing} />
          )}
          {at !== "" && !touched && (
            <p className="muted">
              Check says what would change if it were as it was then; Apply puts it back.
            </p>
          )}
        </div>
      </div>
    </>
  );
}

function findingsOf({ data, error }: ReturnType<typeof useApply>): readonly Finding[] | null {
  if (error instanceof ApiError) return error.findings;
  return data?.findings ?? null;
}
