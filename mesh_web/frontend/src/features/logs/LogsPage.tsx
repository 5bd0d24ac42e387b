// Logs: what proxies and applications said, with spans between, merged by time.
import { type FormEvent, useMemo, useState } from "react";
import { useLogs } from "../../api/logs";
import { useWorkloads } from "../../api/queries";
import {
  formatLogView,
  KINDS,
  LOG_LOOKBACKS,
  type LogKind,
  type LogView,
  parseLogView,
} from "../../domain/logs";
import { Button, Chip, Segmented, Switch } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, navigate, useSearch } from "../../ui/router";
import { LogList } from "./LogList";

const AT_ONCE = 200;
const KIND_WORDS: Readonly<Record<LogKind, string>> = {
  access: "Access logs",
  log: "Applications",
  span: "Spans",
};

function Filters({
  view,
  onView,
}: {
  readonly view: LogView;
  readonly onView: (view: LogView) => void;
}) {
  const [draft, setDraft] = useState(view);
  const [known, setKnown] = useState(view);
  if (known !== view) {
    setKnown(view);
    setDraft(view);
  }
  const workloads = useWorkloads();
  const send = (event: FormEvent) => {
    event.preventDefault();
    onView(draft);
  };
  const toggle = (kind: LogKind, on: boolean) => {
    const kinds = KINDS.filter((one) => (one === kind ? on : view.kinds.includes(one)));
    if (kinds.length > 0) onView({ ...draft, kinds });
  };
  return (
    <form className="log-form" data-testid="log-form" onSubmit={send}>
      <label className="field">
        Workload
        <input
          autoComplete="off"
          className="input"
          list="log-workloads"
          onChange={(event) => setDraft({ ...draft, workload: event.currentTarget.value.trim() })}
          placeholder="any"
          value={draft.workload}
        />
      </label>
      <datalist id="log-workloads">
        {(workloads.data ?? []).map(({ namespace, name }) => (
          <option key={`${namespace}/${name}`} value={`${namespace}/${name}`} />
        ))}
      </datalist>
      <label className="field log-search">
        Text
        <input
          className="input"
          data-testid="log-search"
          maxLength={512}
          onChange={(event) => setDraft({ ...draft, q: event.currentTarget.value })}
          placeholder="in messages, paths, codes and other attributes"
          type="search"
          value={draft.q}
        />
      </label>
      <Button icon="search" tone="primary" type="submit">
        Find
      </Button>
      <div className="row log-kinds" data-wrap="">
        {KINDS.map((kind) => (
          <Switch
            checked={view.kinds.includes(kind)}
            key={kind}
            onChange={(on) => toggle(kind, on)}
          >
            {KIND_WORDS[kind]}
          </Switch>
        ))}
        <Switch checked={view.live} onChange={(live) => onView({ ...view, live })}>
          Follow
        </Switch>
        <span className="muted small">Times are in UTC.</span>
        {view.traceId !== "" && (
          <Chip>
            of one trace <Link href={`/traces/${view.traceId}`}>{view.traceId.slice(0, 8)}…</Link>{" "}
            <button className="link" onClick={() => onView({ ...view, traceId: "" })} type="button">
              all
            </button>
          </Chip>
        )}
      </div>
    </form>
  );
}

export function LogsPage() {
  const address = useSearch().toString();
  const view = useMemo(() => parseLogView(new URLSearchParams(address)), [address]);
  const setView = (next: LogView) => navigate(`/logs${formatLogView(next)}`, "replace");
  const query = useLogs(view, AT_ONCE);
  const none = query.data?.pages[0]?.items.length === 0;
  return (
    <>
      <PageHead title="Logs">
        <span className="spacer" />
        <Segmented
          label="Look back"
          onChange={(lookback) => setView({ ...view, lookback })}
          options={LOG_LOOKBACKS.map((value) => ({ value, label: value }))}
          value={view.lookback}
        />
      </PageHead>
      <div className="page-body stack">
        <Filters onView={setView} view={view} />
        {query.error !== null && <Problem error={query.error} />}
        {query.isPending && <Loading what="logs" />}
        {none && (
          <Empty icon="logs" title="Nothing was said">
            <p>
              Look further back, or loosen the filters. Access logs appear with the first requests
              through the mesh; applications send their own by OTLP (gRPC 4317, HTTP 4318).
            </p>
          </Empty>
        )}
        {query.data !== undefined && !none && <LogList named query={query} />}
      </div>
    </>
  );
}
