// Who changed, or tried to change, what: newest first.
import { type FormEvent, useState } from "react";
import { useAudit } from "../../api/access";
import {
  type AuditFilter,
  type AuditLine,
  auditFilter,
  auditHref,
  statusTone,
} from "../../domain/access";
import { formatMoment } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Button, Chip, Switch } from "../../ui/controls";
import { navigate, useSearch } from "../../ui/router";
import { Table } from "../../ui/Table";
import { AdminsOnly } from "./AdminsOnly";

function Line({ line }: { readonly line: AuditLine }) {
  return (
    <tr>
      <td className="nowrap" data-label="When">
        {formatMoment(line.at)}
      </td>
      <td data-label="Who">
        {line.actor === "" ? (
          <span className="muted">nobody known</span>
        ) : (
          <b className="long-name">{line.actor}</b>
        )}
        <p className="muted small">{line.address}</p>
      </td>
      <td data-label="What">
        <span className="mono long-name">
          {line.action} {line.target}
        </span>
      </td>
      <td data-label="Answer">
        <Chip tone={statusTone(line.status)}>{line.status}</Chip>
      </td>
    </tr>
  );
}

function Filter({ filter }: { readonly filter: AuditFilter }) {
  const [draft, setDraft] = useState(filter);
  const ask = (next: AuditFilter) => navigate(auditHref(next), "replace");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask({ ...draft, actor: draft.actor.trim(), target: draft.target.trim() });
  };
  return (
    <form className="row access-filter" data-wrap="" onSubmit={submit}>
      <input
        aria-label="Who"
        className="input find-box"
        data-testid="audit-actor"
        maxLength={150}
        onChange={(event) => setDraft({ ...draft, actor: event.currentTarget.value })}
        placeholder="Who"
        type="search"
        value={draft.actor}
      />
      <input
        aria-label="What"
        className="input find-box"
        data-testid="audit-target"
        maxLength={1000}
        onChange={(event) => setDraft({ ...draft, target: event.currentTarget.value })}
        placeholder="What: weights, shop/reviews, login"
        type="search"
        value={draft.target}
      />
      <Button icon="search" tone="primary" type="submit">
        Find
      </Button>
      <Switch
        checked={draft.refused}
        onChange={(refused) => {
          setDraft({ ...draft, refused });
          ask({ ...draft, refused });
        }}
      >
        Only what was refused
      </Switch>
    </form>
  );
}

export function AuditPage() {
  const filter = auditFilter(useSearch());
  const query = useAudit(filter);
  return (
    <AdminsOnly title="Audit">
      <Filter filter={filter} key={auditHref(filter)} />
      <Answered query={query} what="the audit trail">
        {({ pages }) => {
          const lines = pages.flatMap(({ items }) => items);
          if (lines.length === 0) {
            return (
              <p className="muted">Nothing like that was changed or tried. Look for fewer words.</p>
            );
          }
          return (
            <Table heads={["When", "Who", "What", "Answer"]} testId="audit">
              {lines.map((line, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: equal lines are told apart by place
                <Line key={`${line.at} ${line.target} ${i}`} line={line} />
              ))}
            </Table>
          );
        }}
      </Answered>
      {query.hasNextPage && (
        <div>
          <Button
            busy={query.isFetchingNextPage}
            data-testid="older"
            onClick={() => query.fetchNextPage()}
          >
            Older
          </Button>
        </div>
      )}
    </AdminsOnly>
  );
}
