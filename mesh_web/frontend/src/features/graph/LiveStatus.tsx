// Whether what is shown is live, and how old it is.
import type { Live } from "../../api/live";
import type { Connection } from "../../api/socket";
import { formatAge, type UnixSeconds } from "../../domain/units";
import { useNow } from "../../ui/useNow";

const STALE_AFTER_SECONDS = 5;

type Status = Connection | "stale";

function statusOf(live: Live, now: UnixSeconds): Status {
  const age = live.receivedAt === null ? 0 : now - live.receivedAt;
  return live.connection === "connected" && age > STALE_AFTER_SECONDS ? "stale" : live.connection;
}

const WORDS: Readonly<Record<Status, string>> = {
  connecting: "Connecting",
  connected: "Live",
  reconnecting: "Reconnecting",
  stale: "Stale",
};

export function LiveStatus({ live }: { readonly live: Live }) {
  const now = useNow();
  const status = statusOf(live, now);
  const age = live.receivedAt === null ? "" : formatAge(live.receivedAt, now);
  return (
    <span
      className="live-status"
      data-status={status}
      data-testid="live-status"
      role="status"
      title={age === "" ? "No update yet" : `Last update ${age}`}
    >
      <i aria-hidden="true" />
      {WORDS[status]}
      {age !== "" && status !== "connected" && <span className="muted">{age}</span>}
    </span>
  );
}
