// Slow traces held against fast ones: which operations add time, and which attributes tell.
import { type FormEvent, useState } from "react";
import { useGroups } from "../../api/traces";
import type { GroupedOperation, Groups, TellingAttribute } from "../../domain/operations";
import type { TraceSearch } from "../../domain/traceView";
import { formatDuration, formatRatio, milliseconds } from "../../domain/units";
import { term } from "../../domain/words";
import { Button } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";

function Operation({
  one,
  most,
  onPress,
}: {
  readonly one: GroupedOperation;
  readonly most: number;
  readonly onPress: () => void;
}) {
  const more = one.addedMs >= 0;
  return (
    <tr>
      <td>
        <button className="link operation" onClick={onPress} title="Search for it" type="button">
          <b>{one.service}</b> <span>{one.operation}</span>
        </button>
      </td>
      <td className="number bar-cell">
        <span className="bar" data-tone={more ? "bad" : "good"}>
          <i style={{ width: `${(Math.abs(one.addedMs) / most) * 100}%` }} />
        </span>
        {more ? "+" : "−"}
        {formatDuration(milliseconds(Math.abs(one.addedMs)))}
      </td>
      <td className="number">{formatDuration(one.fastMs)}</td>
      <td className="number">{formatDuration(one.slowMs)}</td>
      <td className="number muted">
        {formatRatio(one.fastShare)} / {formatRatio(one.slowShare)}
      </td>
      <td className="number" data-bad={one.slowErrorRatio > one.fastErrorRatio ? "" : undefined}>
        {formatRatio(one.fastErrorRatio)} / {formatRatio(one.slowErrorRatio)}
      </td>
    </tr>
  );
}

function Telling({
  one,
  onPress,
}: {
  readonly one: TellingAttribute;
  readonly onPress: () => void;
}) {
  return (
    <li>
      <button className="telling" onClick={onPress} title="Add to the search" type="button">
        <span className="mono telling-name">
          {one.key}=<b>{one.value}</b>
        </span>
        <span className="telling-bars">
          <span className="bar" data-tone="good">
            <i style={{ width: `${one.fastShare * 100}%` }} />
          </span>
          <span className="bar" data-tone="bad">
            <i style={{ width: `${one.slowShare * 100}%` }} />
          </span>
        </span>
        <span className="small muted number">
          {formatRatio(one.fastShare)} of fast, {formatRatio(one.slowShare)} of slow
        </span>
      </button>
    </li>
  );
}

function Found({
  groups,
  onTerm,
  onOperation,
}: {
  readonly groups: Groups;
  readonly onTerm: (term: string) => void;
  readonly onOperation: (service: string, operation: string) => void;
}) {
  if (groups.slow === 0 || groups.fast === 0) {
    return (
      <Empty icon="traces" title="There is nothing to compare">
        <p>
          {groups.slow + groups.fast === 0
            ? "No trace matches. Look further back or loosen the search."
            : `All ${groups.slow + groups.fast} traces found are ${groups.slow === 0 ? "faster" : "slower"} than that. Choose another boundary, or leave it empty to take the slowest tenth.`}
        </p>
      </Empty>
    );
  }
  const most = Math.max(...groups.operations.map((one) => Math.abs(one.addedMs)), 0.001);
  return (
    <>
      <p>
        <b>{groups.slow}</b> slow {groups.slow === 1 ? "trace" : "traces"} of{" "}
        <b>{formatDuration(groups.slowMs)}</b> or more against <b>{groups.fast}</b> fast.
      </p>
      <h2>Where the time goes</h2>
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th>Operation</th>
              <th className="number">Added self time</th>
              <th className="number">Fast</th>
              <th className="number">Slow</th>
              <th className="number">Traces fast / slow</th>
              <th className="number">Failed fast / slow</th>
            </tr>
          </thead>
          <tbody>
            {groups.operations.map((one) => (
              <Operation
                key={`${one.service} ${one.operation}`}
                most={most}
                onPress={() => onOperation(one.service, one.operation)}
                one={one}
              />
            ))}
          </tbody>
        </table>
      </div>
      <h2>What slow ones have</h2>
      {groups.attributes.length === 0 ? (
        <p className="muted">No attribute is more common in either group.</p>
      ) : (
        <ul className="tellings">
          {groups.attributes.map((one) => (
            <Telling
              key={`${one.key}=${one.value}`}
              onPress={() => onTerm(term(one.key, one.value))}
              one={one}
            />
          ))}
        </ul>
      )}
    </>
  );
}

export function SlowAgainstFast({
  search,
  slow,
  onSlow,
  onTerm,
  onOperation,
}: {
  readonly search: TraceSearch;
  readonly slow: string;
  readonly onSlow: (slow: string) => void;
  readonly onTerm: (term: string) => void;
  readonly onOperation: (service: string, operation: string) => void;
}) {
  const [draft, setDraft] = useState(slow);
  const query = useGroups(search, slow);
  const send = (event: FormEvent) => {
    event.preventDefault();
    onSlow(draft.trim());
  };
  return (
    <div className="stack" data-testid="trace-groups">
      <form className="row slow-form" onSubmit={send}>
        <label className="field">
          Slow from (ms)
          <input
            className="input"
            inputMode="decimal"
            onChange={(event) => setDraft(event.currentTarget.value)}
            placeholder="the slowest tenth"
            value={draft}
          />
        </label>
        <Button type="submit">Compare</Button>
      </form>
      {query.error !== null && <Problem error={query.error} />}
      {query.isPending && <Loading what="the comparison" />}
      {query.data !== undefined && (
        <Found groups={query.data} onOperation={onOperation} onTerm={onTerm} />
      )}
    </div>
  );
}
