// Asks once more before something is done.
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "./controls";

/** `onSure` gets what closes the question again; Escape and `keep` close it, too. */
export function Sure({
  ask,
  verb,
  says,
  keep = "Keep it",
  tone = "danger",
  busy = false,
  testId,
  onSure,
}: {
  readonly ask: (open: () => void) => ReactNode;
  readonly verb: string;
  /** What it would mean, where the verb alone does not say it. */
  readonly says?: string;
  readonly keep?: string;
  readonly tone?: "primary" | "danger";
  readonly busy?: boolean;
  readonly testId?: string;
  readonly onSure: (close: () => void) => void;
}) {
  const [open, setOpen] = useState(false);
  const here = useRef<HTMLDivElement>(null);
  const asked = useRef(false);
  useEffect(() => {
    if (asked.current && !open) here.current?.querySelector("button")?.focus();
    asked.current = open;
  }, [open]);
  const close = () => setOpen(false);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault(); // a panel around it stays open
    close();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears the keys of the buttons inside
    <div className="once-more" onKeyDown={onKeyDown} ref={here}>
      {open ? (
        <>
          {says !== undefined && <p>{says}</p>}
          <Button
            autoFocus
            busy={busy}
            data-testid={testId}
            onClick={() => onSure(close)}
            tone={tone}
          >
            {verb}
          </Button>
          <Button onClick={close} tone="quiet">
            {keep}
          </Button>
        </>
      ) : (
        ask(() => setOpen(true))
      )}
    </div>
  );
}
