// What traces to look for.
import { type FormEvent, useState } from "react";
import type { ApiError } from "../../api/client";
import { useTracedServices } from "../../api/traces";
import { LIMITS, type TraceSearch } from "../../domain/traceView";
import { Button, Switch } from "../../ui/controls";
import { QueryBox } from "./QueryBox";

const TEXTS = [
  { field: "service", label: "Service", list: "traced-services" },
  { field: "operation", label: "Operation", list: "traced-operations" },
  { field: "source", label: "From", list: "traced-services" },
  { field: "destination", label: "To", list: "traced-services" },
  { field: "min", label: "Slower than (ms)" },
  { field: "max", label: "Faster than (ms)" },
] as const;

/** Names that senders of spans have, and those of their spans. */
function Offered({ service, own }: Pick<TraceSearch, "service" | "own">) {
  const services = useTracedServices(own).data ?? [];
  const chosen = services.filter(
    (one) => service === "" || service === one.name || service === `${one.namespace}/${one.name}`,
  );
  const operations = [...new Set(chosen.flatMap((one) => one.operations))].sort();
  return (
    <>
      <datalist id="traced-services">
        {services.map((one) => (
          <option key={`${one.namespace}/${one.name}`} value={one.name} />
        ))}
      </datalist>
      <datalist id="traced-operations">
        {operations.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

/** A draft of the search; it counts when it is sent. */
export function SearchForm({
  search,
  refused,
  onSearch,
}: {
  readonly search: TraceSearch;
  readonly refused: ApiError | null;
  readonly onSearch: (search: TraceSearch) => void;
}) {
  const [draft, setDraft] = useState(search);
  const [known, setKnown] = useState(search);
  if (JSON.stringify(known) !== JSON.stringify(search)) {
    setKnown(search);
    setDraft(search);
  }
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    onSearch(draft);
  };
  return (
    <form className="trace-form" data-testid="trace-form" onSubmit={send}>
      <div className="trace-ask">
        <QueryBox
          onChange={(q) => setDraft({ ...draft, q })}
          onSubmit={send}
          refused={refused}
          search={search}
          value={draft.q}
        />
        <Button icon="search" tone="primary" type="submit">
          Find
        </Button>
      </div>
      <div className="trace-filters">
        {TEXTS.map(({ field, label, ...rest }) => (
          <label className="field" key={field}>
            {label}
            <input
              autoComplete="off"
              className="input"
              inputMode={field === "min" || field === "max" ? "decimal" : undefined}
              list={"list" in rest ? rest.list : undefined}
              onChange={(event) =>
                setDraft({ ...draft, [field]: event.currentTarget.value.trim() })
              }
              placeholder="any"
              type="text"
              value={draft[field]}
            />
          </label>
        ))}
        <label className="field">
          At most
          <select
            className="input"
            onChange={(event) => onSearch({ ...draft, limit: Number(event.currentTarget.value) })}
            value={draft.limit}
          >
            {LIMITS.map((limit) => (
              <option key={limit} value={limit}>
                {limit} traces
              </option>
            ))}
          </select>
        </label>
        <Switch
          checked={draft.error}
          onChange={(error) => {
            setDraft({ ...draft, error });
            onSearch({ ...draft, error });
          }}
        >
          Only failed
        </Switch>
        <Switch
          checked={draft.own}
          onChange={(own) => {
            setDraft({ ...draft, own });
            onSearch({ ...draft, own });
          }}
        >
          With Meshweb
        </Switch>
      </div>
      <Offered own={draft.own} service={draft.service} />
    </form>
  );
}
