// Health as colour and as shape, so that nobody needs to tell red from green.
import type { Health } from "../domain/graph";

const WORDS: Readonly<Record<Health, string>> = {
  idle: "No traffic",
  healthy: "Healthy",
  degraded: "Degraded",
  failing: "Failing",
};

export const healthWord = (health: Health): string => WORDS[health];

function Shape({ health }: { readonly health: Health }) {
  switch (health) {
    case "healthy":
      return (
        <>
          <circle cx="8" cy="8" fill="currentColor" r="7" />
          <path d="M4.8 8.2 7 10.4 11.2 5.8" stroke="var(--surface)" strokeWidth="1.8" />
        </>
      );
    case "degraded":
      return (
        <>
          <path d="M8 1.2 15.2 14.2H.8z" fill="currentColor" stroke="none" />
          <path d="M8 6v4M8 12.1v.1" stroke="var(--surface)" strokeWidth="1.8" />
        </>
      );
    case "failing":
      return (
        <>
          <path d="M8 .6 15.4 8 8 15.4.6 8z" fill="currentColor" stroke="none" />
          <path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" stroke="var(--surface)" strokeWidth="1.8" />
        </>
      );
    case "idle":
      return <circle cx="8" cy="8" r="6" stroke="currentColor" strokeDasharray="3 2.3" />;
  }
}

export function HealthMark({
  health,
  size = 16,
}: {
  readonly health: Health;
  readonly size?: number;
}) {
  return (
    <svg
      aria-label={WORDS[health]}
      className="health"
      data-health={health}
      fill="none"
      height={size}
      role="img"
      strokeLinecap="round"
      strokeWidth="1.5"
      viewBox="0 0 16 16"
      width={size}
    >
      <title>{WORDS[health]}</title>
      <Shape health={health} />
    </svg>
  );
}
