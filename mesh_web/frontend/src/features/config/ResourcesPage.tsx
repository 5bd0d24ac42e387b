// Everything that is configured, now or at a moment that has gone by.
import { useState } from "react";
import { useResources } from "../../api/resources";
import { type Finding, revisionTone, type Tone } from "../../domain/mesh";
import {
  findResources,
  kindsOf,
  momentOf,
  namespacesIn,
  type Resource,
  resourceName,
  whenWords,
  worstOf,
} from "../../domain/resources";
import { Button, Chip, Switch } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { FindBox } from "../../ui/Narrowing";
import { PageHead } from "../../ui/PageHead";
import { CONFIG_TABS } from "../../ui/places";
import { Link, navigate, useSearch } from "../../ui/router";
import { Table } from "../../ui/Table";
import { Tabs } from "../../ui/Tabs";
import { Countdown } from "./Countdown";
import "./config.css";

const TONES: Readonly<Record<Finding["severity"], Tone>> = {
  error: "bad",
  warning: "warning",
  info: "busy",
};

const HEADS = ["Kind", "Name", "Namespace", "Revision", "Ends"];

function Said({ resource }: { readonly resource: Resource }) {
  const worst = worstOf(resource);
  if (worst === null) return null;
  const { length } = resource.findings;
  const words = length === 0 ? "conditions" : `${length} ${length === 1 ? "finding" : "findings"}`;
  return (
    <span className="chip" data-tone={TONES[worst] === "busy" ? "" : TONES[worst]}>
      {words}
    </span>
  );
}

function Line({ resource, at }: { readonly resource: Resource; readonly at: string }) {
  const name = resourceName(resource);
  const query = new URLSearchParams({ resource: name, ...(at === "" ? {} : { at }) });
  return (
    <tr data-testid={`resource-${name}`}>
      <td data-label="Kind">{resource.kind}</td>
      <td data-label="Name">
        <Link className="long-name" href={`/config?${query}`}>
          {resource.name}
        </Link>
      </td>
      <td data-label="Namespace">{resource.namespace}</td>
      <td data-label="Revision">
        <div className="row" data-wrap="">
          <Link href={`/revisions/${resource.revision}`}>{resource.revision}</Link>
          {resource.state !== "converged" && resource.state !== "superseded" && (
            <Chip tone={revisionTone(resource.state)}>{resource.state}</Chip>
          )}
        </div>
      </td>
      <td data-label="Ends">
        {resource.expiresAt !== null && <Countdown until={resource.expiresAt} />}
      </td>
      {at === "" && (
        <td data-label="Said of it">
          <Said resource={resource} />
        </td>
      )}
    </tr>
  );
}

function Choice({
  label,
  value,
  options,
  all,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly all: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <select
      aria-label={label}
      className="input config-choice"
      onChange={(event) => onChange(event.currentTarget.value)}
      value={value}
    >
      <option value="">{all}</option>
      {options.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}

/** Of the address: what is looked for can be shared, and Back leads to it. */
function useLooking() {
  const search = useSearch();
  const of = (key: string) => search.get(key) ?? "";
  const set = (key: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(key);
    else next.set(key, value);
    const words = next.toString();
    navigate(words === "" ? "/config" : `/config?${words}`, "replace");
  };
  return { of, set };
}

/** When: now, at a revision, or at a moment. */
function When({ at, onAt }: { readonly at: string; readonly onAt: (at: string) => void }) {
  const [revision, setRevision] = useState(/^\d+$/.test(at) ? at : "");
  return (
    <details className="popover config-when">
      <summary className="button" data-testid="config-when">
        {at === "" ? "In force now" : `In force ${whenWords(at)}`}
      </summary>
      <div className="popover-body stack">
        <label className="field">
          At a moment (your time)
          <input
            className="input"
            data-testid="at-moment"
            max={new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)}
            onChange={(event) => {
              const moment = momentOf(event.currentTarget.value);
              if (moment !== "") onAt(moment);
            }}
            step={1}
            type="datetime-local"
          />
        </label>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (/^\d+$/.test(revision)) onAt(revision);
          }}
        >
          <input
            aria-label="At a revision"
            className="input"
            data-testid="at-revision"
            inputMode="numeric"
            onChange={(event) => setRevision(event.currentTarget.value.trim())}
            placeholder="Revision"
            value={revision}
          />
          <Button type="submit">Show</Button>
        </form>
        {at !== "" && <Button onClick={() => onAt("")}>Back to now</Button>}
      </div>
    </details>
  );
}

export function ResourcesPage() {
  const { of, set } = useLooking();
  const at = of("at");
  const query = useResources(at);
  const [words, setWords] = useState("");
  const all = query.data ?? [];
  const filter = {
    words,
    kind: of("kind"),
    namespace: of("namespace"),
    troubled: of("said") === "1",
  };
  const found = findResources(all, filter);
  return (
    <>
      <PageHead title="Configuration">
        <Tabs label="Configuration" tabs={CONFIG_TABS} />
        <When at={at} key={at} onAt={(next) => set("at", next)} />
        <span className="spacer" />
        <span className="muted small">
          {query.data !== undefined && `${found.length} of ${all.length}`}
        </span>
      </PageHead>
      <div className="page-body stack">
        <div className="row" data-wrap="">
          <FindBox
            label="Find by name"
            onWords={setWords}
            placeholder="Find by name"
            testId="find-resource"
          />
          <Choice
            all="All kinds"
            label="Kind"
            onChange={(value) => set("kind", value)}
            options={kindsOf(all)}
            value={filter.kind}
          />
          <Choice
            all="All namespaces"
            label="Namespace"
            onChange={(value) => set("namespace", value)}
            options={namespacesIn(all)}
            value={filter.namespace}
          />
          {at === "" && (
            <Switch checked={filter.troubled} onChange={(on) => set("said", on ? "1" : "")}>
              With something to say
            </Switch>
          )}
        </div>
        {query.error !== null && (
          <Problem
            action={
              at === "" ? undefined : <Button onClick={() => set("at", "")}>Back to now</Button>
            }
            error={query.error}
          />
        )}
        {query.isPending && <Loading what="the configuration" />}
        {query.data !== undefined && query.error === null && all.length === 0 && (
          <Empty
            icon="config"
            title={
              at === "" ? "Nothing is configured yet" : `Nothing was in force ${whenWords(at)}`
            }
          >
            <p>
              Apply Istio's YAML in the <Link href="/config/edit">editor</Link>, or with{" "}
              <code>meshweb apply -f FILE</code>.
            </p>
          </Empty>
        )}
        {all.length > 0 && found.length === 0 && query.error === null && (
          <p className="muted">No resource is like that.</p>
        )}
        {found.length > 0 && query.error === null && (
          <Table heads={at === "" ? [...HEADS, "Said of it"] : HEADS} testId="resources">
            {found.map((one) => (
              <Line at={at} key={resourceName(one)} resource={one} />
            ))}
          </Table>
        )}
      </div>
    </>
  );
}
