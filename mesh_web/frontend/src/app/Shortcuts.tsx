// The sheet that says what keys do; "?" opens it anywhere outside text fields.
import { useEffect, useRef } from "react";
import { IconButton } from "../ui/controls";

const KEYS: readonly (readonly [readonly string[], string])[] = [
  [["/"], "Search the graph"],
  [["Tab"], "From node to node; edges are in their panels"],
  [["Enter"], "Open what has the focus"],
  [["Esc"], "Close the panel"],
  [["↑", "↓"], "Move over a trace's spans"],
  [["←", "→"], "Fold and unfold a span"],
  [["?"], "This sheet"],
];

const SHOW = "meshweb:shortcuts";

export const showShortcuts = (): boolean => window.dispatchEvent(new Event(SHOW));

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const show = () => dialog.current?.open === false && dialog.current.showModal();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "?" && !isTyping(event.target)) show();
    };
    window.addEventListener("keydown", onKey);
    window.addEventListener(SHOW, show);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener(SHOW, show);
    };
  }, []);
  return (
    <dialog
      aria-labelledby="shortcuts-title"
      className="sheet"
      data-testid="shortcuts"
      // Escape closes this sheet and not also the panel beneath it
      onKeyDown={(event) => event.stopPropagation()}
      ref={dialog}
    >
      <header>
        <h2 id="shortcuts-title">Keys</h2>
        <IconButton icon="close" label="Close keys" onClick={() => dialog.current?.close()} />
      </header>
      <dl className="shortcuts">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt className="row">
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
