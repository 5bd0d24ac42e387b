// Rules that record series and raise alerts: what fires, how each rule does, the files they come from.
import { useState } from "react";
import { useRuleFiles, useRules } from "../../api/rules";
import type { Tone } from "../../domain/mesh";
import { formatNumber } from "../../domain/promql";
import {
  type Alert,
  activeAlerts,
  countIn,
  findRules,
  formatFor,
  RULE_STATES,
  type Rule,
  type RuleFile,
  type RuleGroup,
  type RuleState,
} from "../../domain/rules";
import {
  formatAge,
  formatDuration,
  formatSpan,
  milliseconds,
  type UnixSeconds,
} from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Button, Chip } from "../../ui/controls";
import { Empty, Findings } from "../../ui/feedback";
import { Labels } from "../../ui/Labels";
import { Narrowing } from "../../ui/Narrowing";
import { PageHead } from "../../ui/PageHead";
import { METRICS_TABS } from "../../ui/places";
import { Link } from "../../ui/router";
import { useMayWrite } from "../../ui/session";
import { Table } from "../../ui/Table";
import { Tabs } from "../../ui/Tabs";
import { useNow } from "../../ui/useNow";
import "./rules.css";

const TONES: Readonly<Record<string, Tone>> = {
  firing: "bad",
  pending: "warning",
  inactive: "good",
  ok: "good",
  err: "bad",
};
const HEALTH: Readonly<Record<string, string>> = {
  ok: "ok",
  err: "fails",
  unknown: "not evaluated yet",
};

const asked = (query: string) => `/query?${new URLSearchParams({ query })}`;
const ago = (at: UnixSeconds | null, now: UnixSeconds) =>
  at === null ? "never" : formatAge(at, now);
const took = (seconds: number) => formatDuration(milliseconds(seconds * 1000));

function AlertLine({ rule, alert }: { readonly rule: Rule; readonly alert: Alert }) {
  const now = useNow();
  const words = alert.annotations["summary"] ?? alert.annotations["description"];
  return (
    <li className="alert" data-state={alert.state}>
      <div className="row" data-wrap="">
        <Chip tone={TONES[alert.state] ?? "neutral"}>{alert.state}</Chip>
        <Link href={asked(rule.query)} title="Ask for its expression">
          <b>{rule.name}</b>
        </Link>
        <span className="muted small">
          {alert.activeAt === null ? "" : `for ${formatSpan(now - alert.activeAt)}`}
        </span>
        <span className="spacer" />
        <b className="mono" title="The value of its expression">
          {formatNumber(alert.value)}
        </b>
      </div>
      {words !== undefined && <p>{words}</p>}
      <Labels labels={alert.labels} without="alertname" />
    </li>
  );
}

const FIRST_ALERTS = 8;

function Alerts({ groups }: { readonly groups: readonly RuleGroup[] }) {
  const [whole, setWhole] = useState(false);
  const active = activeAlerts(groups);
  if (active.length === 0) return null;
  return (
    <section className="stack">
      <h2>Alerts</h2>
      <ul className="served-list" data-testid="alerts">
        {active.slice(0, whole ? undefined : FIRST_ALERTS).map(([rule, alert], i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: alerts of equal labels are told apart by place
          <AlertLine alert={alert} key={`${rule.name} ${i}`} rule={rule} />
        ))}
      </ul>
      {active.length > FIRST_ALERTS && (
        <div>
          <Button aria-expanded={whole} onClick={() => setWhole(!whole)} tone="quiet">
            {whole ? `Show the first ${FIRST_ALERTS}` : `Show all ${active.length}`}
          </Button>
        </div>
      )}
    </section>
  );
}

function RuleLine({ rule }: { readonly rule: Rule }) {
  const now = useNow(5000);
  const alerting = rule.type === "alerting";
  return (
    <tr data-testid={`rule-${rule.name}`}>
      <td data-label="Rule">
        <b className="rule-name">{rule.name}</b>
        <div className="row" data-wrap="">
          <span className="muted small">{alerting ? "alert" : "records"}</span>
          {rule.duration > 0 && (
            <span className="muted small">when true for {formatFor(rule.duration)}</span>
          )}
          <Labels labels={rule.labels} />
        </div>
      </td>
      <td data-label="Expression">
        <Link className="mono expression" href={asked(rule.query)}>
          {rule.query}
        </Link>
        {rule.lastError !== "" && <p className="small rule-error">{rule.lastError}</p>}
      </td>
      <td data-label="State">
        {alerting && rule.health === "ok" ? (
          <Chip tone={TONES[rule.state] ?? "neutral"}>
            {rule.state}
            {rule.alerts.length > 0 && ` ${rule.alerts.length}`}
          </Chip>
        ) : (
          <Chip tone={TONES[rule.health] ?? "neutral"}>{HEALTH[rule.health] ?? rule.health}</Chip>
        )}
      </td>
      <td className="nowrap" data-label="Evaluated">
        {ago(rule.lastEvaluation, now)}
        {rule.lastEvaluation !== null && (
          <p className="muted small">in {took(rule.evaluationTime)}</p>
        )}
      </td>
    </tr>
  );
}

function Group({ group, missed }: { readonly group: RuleGroup; readonly missed: number }) {
  const now = useNow(5000);
  return (
    <section className="stack" data-testid={`group-${group.name}`}>
      <div className="row" data-wrap="">
        <h3 className="group-name">{group.name}</h3>
        <span className="muted small">
          every {formatFor(group.interval)} · last {ago(group.lastEvaluation, now)}
          {group.lastEvaluation !== null && ` in ${took(group.evaluationTime)}`}
        </span>
        {missed > 0 && (
          <Chip title="Nobody ran them in time" tone="warning">
            {missed} evaluations missed
          </Chip>
        )}
      </div>
      <Table className="table rules" heads={["Rule", "Expression", "State", "Evaluated"]}>
        {group.rules.map((rule, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rules of one name are told apart by place
          <RuleLine key={`${rule.name} ${i}`} rule={rule} />
        ))}
      </Table>
    </section>
  );
}

function File({
  file,
  groups,
}: {
  readonly file: RuleFile;
  readonly groups: readonly RuleGroup[];
}) {
  const missed = new Map(file.groups.map((one) => [one.name, one.missed]));
  return (
    <section className="stack" data-testid={`file-${file.name}`}>
      <div className="row" data-wrap="">
        <h2>{file.name}</h2>
        {file.onDisk && <Chip title="One of MESHWEB_RULE_FILES; it is changed there">on disk</Chip>}
        <Link href={`/rules/edit?${new URLSearchParams({ file: file.name })}`}>
          {file.onDisk ? "Read" : "Edit"}
        </Link>
      </div>
      <Findings findings={file.findings} />
      {groups.map((group) => (
        <Group group={group} key={group.name} missed={missed.get(group.name) ?? 0} />
      ))}
    </section>
  );
}

const NO_RULES = (
  <Empty icon="metrics" title="No rules yet">
    <p>
      Recording rules keep the answer to a question as a series of its own; alerting rules tell when
      something is wrong. Write them in Prometheus's YAML.
    </p>
    <Link className="button" data-tone="primary" href="/rules/edit">
      Write the first file of rules
    </Link>
  </Empty>
);

function Shown({
  files,
  groups: all,
}: {
  readonly files: readonly RuleFile[];
  readonly groups: readonly RuleGroup[];
}) {
  const [words, setWords] = useState("");
  const [state, setState] = useState<RuleState>("all");
  const found = findRules(all, words, state);
  const looking = words !== "" || state !== "all";
  return (
    <>
      <Alerts groups={all} />
      <Narrowing
        countOf={(one) => countIn(all, one)}
        find="Find rules by name, expression or label"
        label="State"
        onState={setState}
        onWords={setWords}
        placeholder="Name, expression, label"
        state={state}
        states={RULE_STATES}
        testId="rule-state"
      />
      {looking && found.length === 0 && <p className="muted">No rule is like that.</p>}
      {files
        .map((file) => ({ file, groups: found.filter((one) => one.file === file.name) }))
        .filter(({ groups }) => !looking || groups.length > 0)
        .map(({ file, groups }) => (
          <File file={file} groups={groups} key={file.name} />
        ))}
    </>
  );
}

function Filed({ files }: { readonly files: readonly RuleFile[] }) {
  const query = useRules();
  if (files.length === 0) return NO_RULES;
  return (
    <Answered query={query} what="rules">
      {(groups) => <Shown files={files} groups={groups} />}
    </Answered>
  );
}

export function RulesPage() {
  const query = useRuleFiles();
  const editable = useMayWrite();
  return (
    <>
      <PageHead title="Rules and alerts">
        <Tabs label="Metrics" tabs={METRICS_TABS} />
        <span className="spacer" />
        {editable && (
          <Link className="button" href="/rules/edit">
            New file
          </Link>
        )}
      </PageHead>
      <div className="page-body stack">
        <Answered query={query} what="rules">
          {(files) => <Filed files={files} />}
        </Answered>
      </div>
    </>
  );
}
