// Whether a list is told live.
const WORDS = {
  connecting: "Connecting",
  connected: "Live",
  reconnecting: "Reconnecting",
} as const;

export function LiveMark({ connection }: { readonly connection: keyof typeof WORDS }) {
  return (
    <span
      className="live-status"
      data-status={connection}
      data-testid="live-status"
      role="status"
      title={connection === "reconnecting" ? "What you see is the last known state" : undefined}
    >
      <i aria-hidden="true" />
      {WORDS[connection]}
    </span>
  );
}
