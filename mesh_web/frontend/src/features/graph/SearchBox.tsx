// Search over the graph's nodes; "/" brings the cursor here.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { GraphNode } from "../../domain/graph";
import { HealthMark } from "../../ui/HealthMark";
import { Icon } from "../../ui/Icon";

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

function useSlash(focus: () => void): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "/" || typing(event.target) || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

export function SearchBox({
  query,
  results,
  onQuery,
  onChoose,
}: {
  readonly query: string;
  readonly results: readonly GraphNode[];
  readonly onQuery: (query: string) => void;
  readonly onChoose: (id: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [active, setActive] = useState(0);
  useSlash(() => input.current?.focus());
  const shown = results.slice(0, 8);
  const choose = (node: GraphNode | undefined) => {
    if (node === undefined) return;
    onChoose(node.id);
    onQuery("");
    input.current?.blur();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setActive((at) => Math.min(at + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setActive((at) => Math.max(at - 1, 0));
    else if (event.key === "Enter") choose(shown[active]);
    else if (event.key === "Escape") {
      event.stopPropagation();
      onQuery("");
      input.current?.blur();
    } else return;
    event.preventDefault();
  };
  return (
    <div className="search">
      <Icon name="search" size={16} />
      <input
        aria-activedescendant={shown.length > 0 ? `found-${active}` : undefined}
        aria-autocomplete="list"
        aria-controls="search-results"
        aria-expanded={shown.length > 0}
        aria-label="Search nodes"
        className="input"
        data-testid="search"
        onChange={(event) => {
          setActive(0);
          onQuery(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        placeholder="Search"
        ref={input}
        role="combobox"
        spellCheck={false}
        type="text"
        value={query}
      />
      <kbd>/</kbd>
      {query !== "" && (
        <div className="search-results" id="search-results" role="listbox" tabIndex={-1}>
          {shown.map((node, index) => (
            <button
              aria-selected={index === active}
              id={`found-${index}`}
              key={node.id}
              onClick={() => choose(node)}
              role="option"
              tabIndex={-1}
              type="button"
            >
              <HealthMark health={node.health} size={14} />
              <span>{node.name}</span>
              <span className="muted">
                {node.kind} {node.namespace !== "" && `· ${node.namespace}`}
              </span>
            </button>
          ))}
          {shown.length === 0 && <p className="muted">Nothing in the graph has this name.</p>}
        </div>
      )}
    </div>
  );
}
