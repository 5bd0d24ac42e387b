// How much this Envoy logs, and changing it until it restarts.
import { useState } from "react";
import { useLogLevels, useSetLogLevels } from "../../api/envoys";
import { LOG_LEVELS, type LogLevel, type LogLevels, usualLevel } from "../../domain/envoy";
import { Button, Chip } from "../../ui/controls";
import { Loading, Problem } from "../../ui/feedback";
import { Section } from "../../ui/Panel";
import { useMayWrite } from "../../ui/session";

const ALL = "";

function Chooser({ id, levels }: { readonly id: string; readonly levels: LogLevels }) {
  const [logger, setLogger] = useState(ALL);
  const [level, setLevel] = useState<LogLevel>("debug");
  const change = useSetLogLevels(id);
  return (
    <form
      className="row levels"
      data-wrap=""
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(logger === ALL ? { level } : { loggers: { [logger]: level } });
      }}
    >
      <select
        aria-label="Logger"
        className="input"
        data-testid="logger"
        onChange={(event) => setLogger(event.currentTarget.value)}
        value={logger}
      >
        <option value={ALL}>all loggers</option>
        {Object.keys(levels.loggers)
          .sort()
          .map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
      </select>
      <select
        aria-label="Level"
        className="input"
        data-testid="level"
        onChange={(event) => setLevel(event.currentTarget.value as LogLevel)}
        value={level}
      >
        {LOG_LEVELS.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      <Button busy={change.isPending} data-testid="set-level" type="submit">
        Set
      </Button>
      {change.error !== null && <Problem error={change.error} />}
    </form>
  );
}

export function Logging({ id }: { readonly id: string }) {
  const query = useLogLevels(id);
  const editable = useMayWrite();
  return (
    <Section title="Logging">
      {query.isPending && <Loading what="its log levels" />}
      {query.error !== null && (
        <Problem
          action={<Button onClick={() => query.refetch()}>Try again</Button>}
          error={query.error}
        />
      )}
      {query.data !== undefined && <Levels editable={editable} id={id} levels={query.data} />}
    </Section>
  );
}

function Levels({
  id,
  levels,
  editable,
}: {
  readonly id: string;
  readonly levels: LogLevels;
  readonly editable: boolean;
}) {
  const { usual, others } = usualLevel(levels);
  return (
    <>
      <p className="row" data-testid="levels" data-wrap="">
        <Chip>{others.length === 0 ? `all ${usual}` : `most ${usual}`}</Chip>
        {others.map(([name, level]) => (
          <Chip key={name} tone="busy">
            {name} {level}
          </Chip>
        ))}
        <span className="muted small">until the Envoy restarts</span>
      </p>
      {editable && <Chooser id={id} levels={levels} />}
    </>
  );
}
