// Any two revisions: what leads from the configuration of one to that of the other.

import { useRevisions } from "../../api/queries";
import { useComparison, useComparisonEffects } from "../../api/revisions";
import type { Comparison, FieldDifference } from "../../domain/comparedRevisions";
import { formatValue, neighbours } from "../../domain/comparedRevisions";
import type { Revision } from "../../domain/mesh";
import { Answered } from "../../ui/Answered";
import { Button, Chip } from "../../ui/controls";
import { EnvoyEffects } from "../../ui/EnvoyEffects";
import { Changes, Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Section } from "../../ui/Panel";
import { Link, navigate, useSearch } from "../../ui/router";
import "./revisions.css";

function Choice({
  label,
  value,
  revisions,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly revisions: readonly Revision[];
  readonly onChange: (value: number) => void;
}) {
  const known = value === 0 || revisions.some((one) => one.number === value);
  return (
    <label className="field compare-choice">
      {label}
      <select
        className="input"
        data-testid={`compare-${label.toLowerCase()}`}
        onChange={(event) => onChange(Number(event.currentTarget.value))}
        value={value}
      >
        {!known && <option value={value}>{value}</option>}
        {revisions.map((one) => (
          <option key={one.number} value={one.number}>
            {one.number} · {one.message === "" ? "No message" : one.message}
          </option>
        ))}
        <option value={0}>Before the first</option>
      </select>
    </label>
  );
}

function Fields({ fields }: { readonly fields: readonly FieldDifference[] }) {
  const signs = { add: "good", remove: "bad" } as const;
  return (
    <ul className="compared-fields">
      {fields.map((one) => (
        <li key={one.path}>
          <Chip tone={signs[one.action as keyof typeof signs] ?? "neutral"}>{one.action}</Chip>{" "}
          <code>{one.path}</code> {one.action !== "add" && <del>{formatValue(one.before)}</del>}{" "}
          {one.action !== "remove" && <ins>{formatValue(one.after)}</ins>}
        </li>
      ))}
    </ul>
  );
}

function InEnvoys({ before, after }: { readonly before: number; readonly after: number }) {
  return (
    <Answered query={useComparisonEffects(before, after)} what="what differs in the Envoys">
      {(effects) => <EnvoyEffects effects={effects} />}
    </Answered>
  );
}

function Compared({ before, after }: { readonly before: number; readonly after: number }) {
  return (
    <Answered query={useComparison(before, after)} what="the comparison">
      {({ changes }) => <Differences after={after} before={before} changes={changes} />}
    </Answered>
  );
}

function Differences({
  before,
  after,
  changes,
}: {
  readonly before: number;
  readonly after: number;
  readonly changes: Comparison["changes"];
}) {
  if (changes.length === 0) {
    return (
      <Empty icon="check" title="Nothing differs">
        <p>Both revisions leave the same configuration behind.</p>
      </Empty>
    );
  }
  return (
    <article className="revision-detail" data-testid="compared">
      <Section
        title={`${changes.length} ${changes.length === 1 ? "resource differs" : "resources differ"}`}
      >
        {changes.map((one) => (
          <div className="stack" key={one.resource}>
            <Changes changes={[one]} />
            {one.action === "update" && <Fields fields={one.fields} />}
          </div>
        ))}
      </Section>
      <Section title="In the Envoys that run now">
        <InEnvoys after={after} before={before} />
      </Section>
    </article>
  );
}

export function RevisionComparePage() {
  const search = useSearch();
  const { revisions, error } = useRevisions();
  const known = revisions ?? [];
  const [usual, latest] = neighbours(known.map((one) => one.number));
  const numberOf = (key: string, other: number) => {
    const given = search.get(key);
    return given !== null && /^\d+$/.test(given) ? Number(given) : other;
  };
  const before = numberOf("a", usual);
  const after = numberOf("b", latest);
  const choose = (a: number, b: number) =>
    navigate(`/revisions/compare?${new URLSearchParams({ a: `${a}`, b: `${b}` })}`, "replace");
  return (
    <>
      <PageHead title="Compare revisions">
        <Link href="/revisions">All revisions</Link>
      </PageHead>
      <div className="page-body stack">
        {error !== null && <Problem error={error} />}
        {revisions === null && error === null && <Loading what="revisions" />}
        {revisions !== null && (
          <>
            <div className="compare-choices">
              <Choice
                label="From"
                onChange={(a) => choose(a, after)}
                revisions={known}
                value={before}
              />
              <Button icon="restart" onClick={() => choose(after, before)}>
                Swap
              </Button>
              <Choice
                label="To"
                onChange={(b) => choose(before, b)}
                revisions={known}
                value={after}
              />
            </div>
            <Compared after={after} before={before} />
          </>
        )}
      </div>
    </>
  );
}
