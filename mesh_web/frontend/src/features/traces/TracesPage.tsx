// Traces: a search, and what was found as a list, as costs, as slow against fast, as dependencies.
import { useCallback, useMemo } from "react";
import { ApiError } from "../../api/client";
import { useTraceSearch } from "../../api/traces";
import {
  choose,
  formatTraceView,
  LOOKBACKS,
  parseTraceView,
  type Tab,
  type TraceSearch,
  type TraceView,
} from "../../domain/traceView";
import { term, withTerm } from "../../domain/words";
import { Button, Segmented } from "../../ui/controls";
import { Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, navigate, useSearch } from "../../ui/router";
import { Dependencies } from "./Dependencies";
import { SlowAgainstFast } from "./Groups";
import { SearchForm } from "./SearchForm";
import { Statistics } from "./Statistics";
import { TraceList } from "./TraceList";
import "./traces.css";

const TAB_WORDS: readonly { readonly value: Tab; readonly label: string }[] = [
  { value: "list", label: "List" },
  { value: "statistics", label: "Statistics" },
  { value: "groups", label: "Slow vs fast" },
  { value: "dependencies", label: "Dependencies" },
];

function searchOf(view: TraceView): TraceSearch {
  const { tab: _tab, slow: _slow, chosen: _chosen, ...search } = view;
  return search;
}

function Chosen({
  chosen,
  onClear,
}: {
  readonly chosen: readonly string[];
  readonly onClear: () => void;
}) {
  const [a, b] = chosen;
  if (a === undefined) return null;
  return (
    <div className="chosen" role="status">
      {b === undefined ? (
        <span>One trace is chosen; choose another one to compare.</span>
      ) : (
        <Link
          className="button"
          data-testid="compare"
          data-tone="primary"
          href={`/traces/compare?${new URLSearchParams({ a, b })}`}
        >
          Compare two traces
        </Link>
      )}
      <Button onClick={onClear} tone="quiet">
        Clear
      </Button>
    </div>
  );
}

function List({
  view,
  query,
  onView,
}: {
  readonly view: TraceView;
  readonly query: ReturnType<typeof useTraceSearch>;
  readonly onView: (view: TraceView) => void;
}) {
  return (
    <>
      {query.isPending && <Loading what="traces" />}
      <TraceList
        chosen={view.chosen}
        onChoose={(id) => onView({ ...view, chosen: choose(view.chosen, id) })}
        query={query}
      />
      <Chosen chosen={view.chosen} onClear={() => onView({ ...view, chosen: [] })} />
    </>
  );
}

export function TracesPage() {
  const address = useSearch().toString();
  const view = useMemo(() => parseTraceView(new URLSearchParams(address)), [address]);
  const setView = useCallback(
    (next: TraceView) => navigate(`/traces${formatTraceView(next)}`, "replace"),
    [],
  );
  const search = searchOf(view);
  const query = useTraceSearch(search);
  const refused = query.error instanceof ApiError && query.error.code === "bad_query";

  const { tab } = view;
  const addTerm = (added: string) => setView({ ...view, q: withTerm(view.q, added) });
  const operation = (service: string, name: string) =>
    setView({ ...view, tab: "list", service, operation: name });
  return (
    <>
      <PageHead title="Traces">
        <span className="spacer" />
        <Segmented
          label="Look back"
          onChange={(lookback) => setView({ ...view, lookback })}
          options={LOOKBACKS.map((value) => ({ value, label: value }))}
          value={view.lookback}
        />
      </PageHead>
      <div className="page-body stack traces-page">
        <SearchForm
          onSearch={(next) => setView({ ...view, ...next })}
          refused={refused && query.error instanceof ApiError ? query.error : null}
          search={search}
        />
        <div className="row" data-wrap="">
          <Segmented
            label="What to show"
            onChange={(next) => setView({ ...view, tab: next })}
            options={TAB_WORDS}
            testId="traces-tab"
            value={tab}
          />
        </div>
        {query.error !== null && !refused && <Problem error={query.error} />}
        {tab === "list" && !refused && <List onView={setView} query={query} view={view} />}
        {tab === "statistics" && !refused && <Statistics onOperation={operation} search={search} />}
        {tab === "groups" && !refused && (
          <SlowAgainstFast
            onOperation={(service, name) => {
              const named = withTerm(view.q, term("service", service, true));
              setView({ ...view, q: withTerm(named, term("operation", name, true)) });
            }}
            onSlow={(slow) => setView({ ...view, slow })}
            onTerm={addTerm}
            search={search}
            slow={view.slow}
          />
        )}
        {tab === "dependencies" && (
          <Dependencies
            onCall={(source, destination) =>
              setView({ ...view, tab: "list", source, destination, service: "" })
            }
            onService={(service) => setView({ ...view, tab: "list", service })}
            search={search}
          />
        )}
      </div>
    </>
  );
}
