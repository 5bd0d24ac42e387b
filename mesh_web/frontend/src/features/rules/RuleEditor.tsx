// One file of rules as text: checked, stored, deleted; findings lead to their line.

import { useMemo, useState } from "react";
import { ApiError } from "../../api/client";
import { useDeleteRules, usePutRules, useRuleFiles } from "../../api/rules";
import type { Finding } from "../../domain/mesh";
import { findingPlace, type RuleFile } from "../../domain/rules";
import type { Place } from "../../domain/yamlPlace";
import { Answered } from "../../ui/Answered";
import { Button, Chip } from "../../ui/controls";
import { Empty, Findings, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, navigate, useSearch } from "../../ui/router";
import { Sure } from "../../ui/Sure";
import { useMayWrite } from "../../ui/session";
import { toast } from "../../ui/toasts";
import { type Marks, YamlEditor } from "../../ui/YamlEditor";
import "./rules.css";

const EXAMPLE = `groups:
- name: shop
  interval: 15s
  rules:
  - record: service:requests:rate1m
    expr: sum by (destination_service) (rate(istio_requests_total{reporter="source"}[1m]))
  - alert: FailingService
    expr: |
      sum by (destination_service) (rate(istio_requests_total{reporter="source",response_code=~"5.."}[1m]))
        / sum by (destination_service) (rate(istio_requests_total{reporter="source"}[1m])) > 0.05
    for: 1m
    labels:
      severity: page
    annotations:
      summary: "{{ $labels.destination_service }} fails for {{ $value | humanizePercentage }} of its requests"
`;
const NAME = /^[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?$/;

/** What a check or a refusal found; null before either. */
function foundBy(...answers: readonly ReturnType<typeof usePutRules>[]): readonly Finding[] | null {
  for (const { data, error } of answers) {
    if (error instanceof ApiError) return error.findings;
    if (data !== undefined) return data.findings;
  }
  return null;
}

function Delete({ name }: { readonly name: string }) {
  const remove = useDeleteRules();
  return (
    <Sure
      ask={(open) => (
        <Button icon="trash" onClick={open} tone="danger">
          Delete …
        </Button>
      )}
      busy={remove.isPending}
      onSure={() =>
        remove.mutate(name, {
          onSuccess: () => {
            toast("good", `The rules of ${name} have ended, and their series and alerts.`);
            navigate("/rules");
          },
          onError: (error) => toast("bad", error.message),
        })
      }
      testId="confirm-delete"
      verb={`Delete ${name}`}
    />
  );
}

function Editor({ file }: { readonly file: RuleFile | null }) {
  const editable = useMayWrite() && file?.onDisk !== true;
  const [name, setName] = useState(file?.name ?? "");
  const [text, setText] = useState(file?.text ?? EXAMPLE);
  const [goTo, setGoTo] = useState<Place | null>(null);
  const check = usePutRules(true);
  const store = usePutRules(false);
  const named = NAME.test(name);
  const current = (store.data ?? store.error ?? check.data ?? check.error) && {
    text: (store.variables ?? check.variables)?.text,
  };
  const fresh = current?.text === text;
  const findings = fresh ? foundBy(store, check) : null;
  const placeOf = (finding: Finding) => findingPlace(text, finding);
  const marks = useMemo((): Marks => {
    const lines = (findings ?? []).flatMap((one) => {
      const place = findingPlace(text, one);
      return place === null ? [] : [[place.line, one.severity] as const];
    });
    return new Map(lines);
  }, [findings, text]);
  const error = fresh ? (store.error ?? check.error) : null;
  const checked = fresh && error === null ? (store.data ?? check.data) : undefined;
  return (
    <>
      <PageHead title={file === null ? "New rules" : file.name}>
        <Link href="/rules">All rules</Link>
        {file?.onDisk === true && <Chip>on disk: changed there</Chip>}
        <span className="spacer" />
        {file !== null && editable && <Delete name={file.name} />}
        {editable && (
          <>
            <Button
              busy={check.isPending}
              data-testid="check-rules"
              onClick={() => {
                store.reset();
                check.mutate({ name: named ? name : "new", text });
              }}
            >
              Check
            </Button>
            <Button
              busy={store.isPending}
              data-testid="store-rules"
              disabled={!named}
              onClick={() => {
                check.reset();
                store.mutate(
                  { name, text },
                  {
                    onSuccess: () => {
                      toast("good", `${name} is stored; its rules are evaluated from now on.`);
                      navigate("/rules");
                    },
                  },
                );
              }}
              title={named ? undefined : "Give the file a name first"}
              tone="primary"
            >
              Store
            </Button>
          </>
        )}
      </PageHead>
      <div className="page-body rule-editor">
        <YamlEditor
          goTo={goTo}
          label="Rules in YAML"
          marks={marks}
          onChange={setText}
          readOnly={!editable}
          value={text}
        />
        <div aria-live="polite" className="stack rule-outcome">
          {file === null && (
            <label className="field">
              Name of the file
              <input
                aria-invalid={name !== "" && !named}
                className="input"
                data-testid="rules-name"
                onChange={(event) => setName(event.currentTarget.value.trim())}
                placeholder="shop"
                value={name}
              />
              {name !== "" && !named && (
                <span className="rule-error">Letters, digits, dots, dashes and underscores.</span>
              )}
            </label>
          )}
          {error !== null && <Problem error={{ message: error.message }} />}
          {checked !== undefined && (
            <p className="row" data-testid="rules-checked" data-wrap="">
              <Chip tone="good">Valid</Chip>
              <span className="muted">
                {checked.groups} {checked.groups === 1 ? "group" : "groups"}, {checked.rules}{" "}
                {checked.rules === 1 ? "rule" : "rules"}
              </span>
            </p>
          )}
          {findings !== null && (
            <Findings findings={findings} onPlace={setGoTo} placeOf={placeOf} />
          )}
          {current === null || !fresh ? (
            <p className="muted">
              Prometheus's YAML: groups of rules with <code>record</code> or <code>alert</code>.
              Check says what is wrong with it, and where; nothing is stored before it is sound.
            </p>
          ) : null}
        </div>
      </div>
    </>
  );
}

export function RuleEditorPage() {
  const wanted = useSearch().get("file");
  const query = useRuleFiles();
  if (wanted === null) return <Editor file={null} key="" />;
  return (
    <Answered query={query} what="the rules">
      {(files) => <Chosen files={files} wanted={wanted} />}
    </Answered>
  );
}

function Chosen({
  files,
  wanted,
}: {
  readonly files: readonly RuleFile[];
  readonly wanted: string;
}) {
  const file = files.find((one) => one.name === wanted);
  if (file === undefined) {
    return (
      <Empty icon="search" title={`There is no file of rules “${wanted}”`}>
        <Link href="/rules">All rules</Link>
      </Empty>
    );
  }
  return <Editor file={file} key={file.name} />;
}
