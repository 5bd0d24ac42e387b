// Two traces side by side: one tree, with what only one of them did and where the other was slower.
import { useTrace } from "../../api/queries";
import { useComparison } from "../../api/traces";
import { addedMs, type ComparedStep, difference, totals } from "../../domain/comparison";
import { formatDuration, formatTime, milliseconds } from "../../domain/units";
import { Chip } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, navigate, useSearch } from "../../ui/router";
import "./traces.css";

const MAX_INDENT = 16;
const WORDS = {
  "only-a": "only in A",
  "only-b": "only in B",
  fewer: "fewer in B",
  more: "more in B",
  same: "",
} as const;

function Head({ name, id }: { readonly name: string; readonly id: string }) {
  const query = useTrace(id);
  const trace = query.data;
  return (
    <Link className="compared" data-side={name} href={`/traces/${id}`}>
      <b>{name}</b>
      <span>
        {trace === undefined ? id : `${trace.spans[0]?.service} ${trace.spans[0]?.operation}`}
      </span>
      {trace !== undefined && (
        <span className="muted small">
          {formatDuration(trace.durationMs)}, {trace.spans.length} spans, {formatTime(trace.start)}
        </span>
      )}
    </Link>
  );
}

function Count({ side }: { readonly side: ComparedStep["a"] }) {
  if (side.spans === 0) return <td className="number muted">–</td>;
  return (
    <td className="number">
      {side.spans > 1 && <span className="muted">{side.spans}× </span>}
      {formatDuration(side.selfMs)}
      {side.errors > 0 && <Chip tone="bad">{side.errors} failed</Chip>}
    </td>
  );
}

function Step({ step, largest }: { readonly step: ComparedStep; readonly largest: number }) {
  const kind = difference(step);
  const added = addedMs(step);
  return (
    <tr className="step" data-difference={kind} data-testid="compared-step">
      <td>
        <span
          className="step-name"
          style={{ paddingLeft: `${Math.min(step.depth, MAX_INDENT) * 16}px` }}
        >
          <b>{step.service}</b> <span>{step.operation}</span>
          {WORDS[kind] !== "" && <small>{WORDS[kind]}</small>}
        </span>
      </td>
      <Count side={step.a} />
      <Count side={step.b} />
      <td className="number bar-cell">
        <span className="bar" data-tone={added > 0 ? "bad" : "good"}>
          <i style={{ width: `${(Math.abs(added) / largest) * 100}%` }} />
        </span>
        {added === 0
          ? "0"
          : `${added > 0 ? "+" : "−"}${formatDuration(milliseconds(Math.abs(added)))}`}
      </td>
    </tr>
  );
}

function Steps({ steps }: { readonly steps: readonly ComparedStep[] }) {
  const { onlyA, onlyB, changed, largestMs } = totals(steps);
  return (
    <>
      <p className="row" data-wrap="">
        <Chip tone="bad">{onlyA} only in A</Chip>
        <Chip tone="good">{onlyB} only in B</Chip>
        <Chip>{changed} more or fewer</Chip>
        <span className="muted small">
          Self times; the bar is what B spends more or less than A.
        </span>
      </p>
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th>Step</th>
              <th className="number">A</th>
              <th className="number">B</th>
              <th className="number">B − A</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place
              <Step key={i} largest={largestMs} step={step} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Compared({ a, b }: { readonly a: string; readonly b: string }) {
  const query = useComparison(a, b);
  return (
    <div className="page-body stack" data-testid="comparison">
      <div className="compared-heads">
        <Head id={a} name="A" />
        <Head id={b} name="B" />
      </div>
      {query.isPending && <Loading what="the comparison" />}
      {query.error !== null && <Problem error={query.error} />}
      {query.data !== undefined && <Steps steps={query.data.items} />}
    </div>
  );
}

export function ComparePage() {
  const params = useSearch();
  const a = params.get("a") ?? "";
  const b = params.get("b") ?? "";
  return (
    <>
      <PageHead title="Compare traces">
        <span className="spacer" />
        <button
          className="button"
          onClick={() =>
            navigate(`/traces/compare?${new URLSearchParams({ a: b, b: a })}`, "replace")
          }
          type="button"
        >
          Swap
        </button>
        <Link className="button" href={`/traces?${new URLSearchParams({ chosen: a })}`}>
          Choose another
        </Link>
      </PageHead>
      {a === "" || b === "" ? (
        <Empty icon="traces" title="Choose two traces">
          <p>
            Mark two on the <Link href="/traces">traces page</Link>; they are held against each
            other here.
          </p>
        </Empty>
      ) : (
        <Compared a={a} b={b} />
      )}
    </>
  );
}
