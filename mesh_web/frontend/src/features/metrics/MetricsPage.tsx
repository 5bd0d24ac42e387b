// Metrics in PromQL: a question, its lines over time, and the newest values as a table.
import { type FormEvent, useState } from "react";
import { QueryError, useExemplars, usePromql } from "../../api/metrics";
import {
  type Answer,
  formatNumber,
  MOST_LINES,
  RANGES,
  type Window,
  windowUntil,
} from "../../domain/promql";
import { formatTime, unixSeconds } from "../../domain/units";
import { Button, Segmented } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { Icon } from "../../ui/Icon";
import { PageHead } from "../../ui/PageHead";
import { METRICS_TABS } from "../../ui/places";
import { navigate, useSearch } from "../../ui/router";
import { Tabs } from "../../ui/Tabs";
import { Plot } from "./Plot";
import { PromqlBox } from "./PromqlBox";
import "./metrics.css";

const EXAMPLES: readonly { readonly title: string; readonly query: string }[] = [
  {
    title: "Requests by service",
    query: 'sum by (destination_service) (rate(istio_requests_total{reporter="source"}[1m]))',
  },
  {
    title: "Share of failures by service",
    query:
      'sum by (destination_service) (rate(istio_requests_total{reporter="source",response_code=~"5.."}[1m])) / sum by (destination_service) (rate(istio_requests_total{reporter="source"}[1m]))',
  },
  {
    title: "99th percentile of latency",
    query:
      "histogram_quantile(0.99, sum by (le, destination_service) (rate(istio_request_duration_milliseconds_bucket[1m])))",
  },
];
const now = () => unixSeconds(Date.now() / 1000);

function keep(query: string, range: string): void {
  navigate(`/query?${new URLSearchParams({ query, range })}`, "replace");
}

function Values({ answer }: { readonly answer: Answer }) {
  return (
    <div className="promql-table">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th className="promql-number" scope="col">
              Newest value
            </th>
            <th scope="col">At</th>
          </tr>
        </thead>
        <tbody>
          {answer.lines.map(({ name, points }) => {
            const last = points[points.length - 1];
            return (
              last && (
                <tr key={name}>
                  <td>
                    <code>{name}</code>
                  </td>
                  <td className="promql-number">{formatNumber(last.value)}</td>
                  <td>{formatTime(last.at)}</td>
                </tr>
              )
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Shown({
  query,
  answer,
  window,
}: {
  readonly query: string;
  readonly answer: Answer;
  readonly window: Window;
}) {
  const exemplars = useExemplars(query, window);
  if (answer.lines.length === 0) {
    return (
      <Empty icon="metrics" title="No series has a value in this time">
        <p>
          Look further back, or loosen the selectors in braces: the box offers the labels and values
          that there are.
        </p>
      </Empty>
    );
  }
  const more = answer.lines.length - MOST_LINES;
  return (
    <>
      {answer.notes.map((note) => (
        <p className="promql-note" key={note}>
          <Icon name="warning" /> {note}
        </p>
      ))}
      <Plot
        exemplars={exemplars.data ?? []}
        lines={answer.lines.slice(0, MOST_LINES)}
        window={window}
      />
      {more > 0 && <p>{more} more are only in the table.</p>}
      <Values answer={answer} />
    </>
  );
}

function Examples({ range }: { readonly range: string }) {
  return (
    <ul aria-label="Examples" className="promql-examples">
      {EXAMPLES.map(({ title, query }) => (
        <li key={title}>
          <Button onClick={() => keep(query, range)}>{title}</Button>
        </li>
      ))}
    </ul>
  );
}

export function MetricsPage() {
  const search = useSearch();
  const query = search.get("query") ?? "";
  const range = search.get("range") ?? "30m";
  const seconds = RANGES.find(({ label }) => label === range)?.seconds ?? 1800;
  return <Asked query={query} range={range} seconds={seconds} />;
}

function Asked({
  query,
  range,
  seconds,
}: {
  readonly query: string;
  readonly range: string;
  readonly seconds: number;
}) {
  const [written, setWritten] = useState(query);
  const [window, setWindow] = useState(() => windowUntil(now(), seconds));
  const asked = `${range} ${query}`;
  const [known, setKnown] = useState(asked);
  if (known !== asked) {
    setKnown(asked);
    setWritten(query);
    setWindow(windowUntil(now(), seconds));
  }
  const found = usePromql(query, window);
  const ask = (event?: FormEvent) => {
    event?.preventDefault();
    setWindow(windowUntil(now(), seconds));
    keep(written.trim(), range);
  };
  return (
    <div className="page">
      <PageHead title="Metrics">
        <Tabs label="Metrics" tabs={METRICS_TABS} />
        <Segmented
          label="Time"
          onChange={(chosen) => keep(written.trim(), chosen)}
          options={RANGES.map(({ label }) => ({ value: label, label }))}
          value={range}
        />
      </PageHead>
      <div className="page-body promql">
        <form className="promql-form" onSubmit={ask}>
          <PromqlBox
            asked={query}
            onChange={setWritten}
            onSubmit={ask}
            refused={found.error instanceof QueryError ? found.error : null}
            value={written}
          />
          <Button busy={found.isFetching} data-testid="promql-ask" tone="primary" type="submit">
            Ask
          </Button>
        </form>
        <Examples range={range} />
        {query === "" && (
          <Empty icon="metrics" title="Ask for a metric">
            <p>
              Type a name, or begin with one of the examples above. Proxies count every request as
              Istio does; Meshweb counts its own work, too.
            </p>
          </Empty>
        )}
        {found.error !== null && !(found.error instanceof QueryError) && (
          <Problem error={found.error} />
        )}
        {found.isLoading && <Loading what="the answer" />}
        {found.error === null && found.data !== undefined && (
          <Shown answer={found.data} query={query} window={window} />
        )}
      </div>
    </div>
  );
}
