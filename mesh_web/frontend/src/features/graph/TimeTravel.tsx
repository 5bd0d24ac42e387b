// Choosing a time gone by, and the way back to now.
import { useState } from "react";
import { Button } from "../../ui/controls";
import { useNow } from "../../ui/useNow";

const FARTHEST_MINUTES = 180;
const SETTLED_MS = 300;

/** What a date field reads: local time, to the minute. */
function localMinute(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function TimeTravel({
  at,
  onAt,
}: {
  readonly at: number | null;
  readonly onAt: (at: number | null) => void;
}) {
  const now = useNow();
  const ago = at === null ? 0 : Math.min(FARTHEST_MINUTES, Math.round((now - at) / 60));
  const [held, setHeld] = useState<number | null>(null);
  const [timer, setTimer] = useState(0);
  const slide = (minutes: number) => {
    setHeld(minutes);
    window.clearTimeout(timer);
    setTimer(
      window.setTimeout(() => {
        setHeld(null);
        onAt(minutes === 0 ? null : Math.floor(now - minutes * 60));
      }, SETTLED_MS),
    );
  };
  const minutes = held ?? ago;
  return (
    <div className="time-travel">
      <label>
        <span>{minutes === 0 ? "Now" : `${minutes} minutes ago`}</span>
        <input
          aria-label="Minutes ago"
          data-testid="minutes-ago"
          max={FARTHEST_MINUTES}
          min={0}
          onChange={(event) => slide(FARTHEST_MINUTES - Number(event.currentTarget.value))}
          type="range"
          value={FARTHEST_MINUTES - minutes}
        />
      </label>
      <label>
        <span>Or at (your time)</span>
        <input
          aria-label="Time"
          className="input"
          data-testid="graph-time"
          max={localMinute(now)}
          onChange={(event) => {
            const chosen = Date.parse(event.currentTarget.value) / 1000;
            if (Number.isFinite(chosen) && chosen > 0 && chosen <= now) onAt(Math.floor(chosen));
          }}
          type="datetime-local"
          value={localMinute(at ?? now)}
        />
      </label>
      <Button disabled={at === null} icon="undo" onClick={() => onAt(null)}>
        Back to now
      </Button>
    </div>
  );
}
