// Short messages at the foot of the page.
import { useEffect, useSyncExternalStore } from "react";
import { IconButton } from "./controls";
import { Icon } from "./Icon";

interface Toast {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly text: string;
}

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function replace(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number): void {
  replace(toasts.filter((toast) => toast.id !== id));
}

/** Say something; a failure stays longer than a success. */
export function toast(tone: Toast["tone"], text: string): void {
  replace([...toasts.slice(-2), { id: nextId++, tone, text }]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function Message({ shown }: { readonly shown: Toast }) {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(shown.id), shown.tone === "bad" ? 12_000 : 4000);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div className="toast" data-tone={shown.tone} role={shown.tone === "bad" ? "alert" : "status"}>
      <Icon name={shown.tone === "bad" ? "error" : "check"} />
      <p>{shown.text}</p>
      <IconButton icon="close" label="Dismiss" onClick={() => dismiss(shown.id)} />
    </div>
  );
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts">
      {shown.map((one) => (
        <Message key={one.id} shown={one} />
      ))}
    </div>
  );
}
