// Which way a request goes, and why: a question, and its way drawn step by step.
import { type FormEvent, useEffect, useState } from "react";
import { useExplain } from "../../api/explain";
import { useWorkloads } from "../../api/queries";
import { METHODS, type Question } from "../../domain/explain";
import { Button } from "../../ui/controls";
import { Empty, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { navigate, useSearch } from "../../ui/router";
import { Outcomes, Way } from "./Way";
import "./explain.css";

const FIELDS = ["source", "method", "url", "headers"] as const;

/** The question that the address holds; a token and a change never stand in an address. */
function questionOf(search: URLSearchParams): Question {
  return {
    source: search.get("source") ?? "",
    method: search.get("method") ?? "GET",
    url: search.get("url") ?? "",
    headers: search.get("headers") ?? "",
    token: "",
    documents: "",
  };
}

function keep(question: Question): void {
  const kept = FIELDS.filter((field) => question[field] !== "").map((field): [string, string] => [
    field,
    question[field],
  ]);
  navigate(`/explain?${new URLSearchParams(kept)}`, "replace");
}

function Callers() {
  const workloads = useWorkloads();
  return (
    <datalist id="callers">
      {(workloads.data ?? []).map(({ namespace, name }) => (
        <option key={`${namespace}/${name}`} value={`${namespace}/${name}`} />
      ))}
    </datalist>
  );
}

function Form({
  question,
  busy,
  onChange,
  onAsk,
}: {
  readonly question: Question;
  readonly busy: boolean;
  readonly onChange: (question: Question) => void;
  readonly onAsk: () => void;
}) {
  const set = (field: keyof Question) => (event: { currentTarget: { value: string } }) =>
    onChange({ ...question, [field]: event.currentTarget.value });
  const ask = (event: FormEvent) => {
    event.preventDefault();
    onAsk();
  };
  return (
    <form className="explain-form" data-testid="explain-form" onSubmit={ask}>
      <label className="field">
        Who asks
        <input
          className="input"
          list="callers"
          onChange={set("source")}
          placeholder="shop/storefront"
          required
          value={question.source}
        />
        <Callers />
      </label>
      <label className="field">
        Method
        <select className="input" onChange={set("method")} value={question.method}>
          {METHODS.map((method) => (
            <option key={method}>{method}</option>
          ))}
        </select>
      </label>
      <label className="field explain-url">
        What for
        <input
          className="input"
          onChange={set("url")}
          placeholder="http://reviews:9080/reviews/0"
          required
          value={question.url}
        />
      </label>
      <Button busy={busy} data-testid="explain-ask" tone="primary" type="submit">
        Explain
      </Button>
      <details className="explain-more" open={question.headers !== ""}>
        <summary>Headers, token, a change to try</summary>
        <div className="explain-more-fields">
          <label className="field">
            Headers, one on each line
            <textarea
              className="input mono"
              onChange={set("headers")}
              placeholder={"x-user: ann\nx-beta: yes"}
              rows={4}
              value={question.headers}
            />
          </label>
          <label className="field">
            Token, or its claims as JSON
            <textarea
              className="input mono"
              onChange={set("token")}
              placeholder={'{"iss": "https://issuer.example", "sub": "ann"}'}
              rows={4}
              value={question.token}
            />
          </label>
          <label className="field">
            YAML as if it were applied
            <textarea
              className="input mono"
              onChange={set("documents")}
              placeholder="kind: VirtualService"
              rows={4}
              value={question.documents}
            />
          </label>
        </div>
      </details>
    </form>
  );
}

export function ExplainPage() {
  const search = useSearch();
  const [question, setQuestion] = useState(() => questionOf(search));
  const explain = useExplain();
  const ask = explain.mutate;
  useEffect(() => {
    const first = questionOf(new URLSearchParams(window.location.search));
    if (first.source !== "" && first.url !== "") ask(first);
  }, [ask]);
  const answer = explain.data;
  return (
    <>
      <PageHead title="Explain a request" />
      <div className="page-body stack explain">
        <Form
          busy={explain.isPending}
          onAsk={() => {
            keep(question);
            ask(question);
          }}
          onChange={setQuestion}
          question={question}
        />
        <div aria-live="polite" className="stack">
          {explain.error !== null && <Problem error={explain.error} />}
          {answer !== undefined && (
            <>
              {answer.notes.map((note) => (
                <p className="muted" key={note}>
                  {note}
                </p>
              ))}
              <Outcomes outcomes={answer.outcomes} />
              <Way hop={answer.first} />
            </>
          )}
        </div>
        {answer === undefined && explain.error === null && !explain.isPending && (
          <Empty icon="explain" title="Which way does a request go?">
            <p>
              Name who asks and what for. Nothing is sent: the answer is read from what the proxies
              are served, with the reason why each route and rule did or did not match.
            </p>
          </Empty>
        )}
      </div>
    </>
  );
}
