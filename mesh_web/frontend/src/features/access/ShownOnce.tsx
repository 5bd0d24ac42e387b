// A word that is told this once: a password, a token.
import { useEffect, useRef } from "react";
import { Copyable } from "../../ui/Copyable";
import { Button } from "../../ui/controls";

export function ShownOnce({
  what,
  whose,
  word,
  onDone,
}: {
  readonly what: string;
  readonly whose: string;
  readonly word: string;
  readonly onDone: () => void;
}) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => card.current?.focus(), []);
  return (
    <div
      className="convergence access-once"
      data-testid="shown-once"
      data-tone="good"
      ref={card}
      role="status"
      tabIndex={-1}
    >
      <strong>
        The {what} of {whose}
      </strong>
      <Copyable text={word} what={what} />
      <p className="muted small">It is shown this once and kept nowhere. Copy it now.</p>
      <div>
        <Button onClick={onDone}>I have it</Button>
      </div>
    </div>
  );
}
