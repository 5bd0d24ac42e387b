// Text that a press copies.
import { useEffect, useState } from "react";
import { Icon } from "./Icon";
import { toast } from "./toasts";

const SHOWN_MS = 1500;

/** `shown` is what stands there, where the text itself is too long. */
export function Copyable({
  text,
  what,
  shown = text,
}: {
  readonly text: string;
  readonly what: string;
  readonly shown?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => toast("bad", "The browser does not allow this page to copy; select the text instead."),
    );
  return (
    <button
      aria-label={`Copy ${what} ${text}`}
      className={shown === text ? "copy" : "copy nowrap"}
      onClick={copy}
      title={shown === text ? undefined : text}
      type="button"
    >
      {shown}
      <Icon name={copied ? "check" : "copy"} size={14} />
      <span className="visually-hidden" role="status">
        {copied ? "Copied" : ""}
      </span>
    </button>
  );
}
