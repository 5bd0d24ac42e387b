// A plain text field over its own coloured copy, with line numbers.
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Finding } from "../domain/mesh";
import { yamlTokens } from "../domain/yaml";
import type { Place } from "../domain/yamlPlace";
import "./yaml.css";

/** Lines, counted from 1, that something is to be said about. */
export type Marks = ReadonlyMap<number, Finding["severity"]>;

const LINE_PX = 20;
const NO_MARKS: Marks = new Map();

function Coloured({ text, marks }: { readonly text: string; readonly marks: Marks }) {
  const lines = text.split("\n");
  return (
    <>
      {lines.map((line, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
        <span className="yaml-line" data-mark={marks.get(number + 1)} key={number}>
          {yamlTokens(line).map((token, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a token is its place in the line
            <i data-kind={token.kind} key={i}>
              {token.text}
            </i>
          ))}
          {"\n"}
        </span>
      ))}
    </>
  );
}

function offsetOf(text: string, { line, column }: Place): number {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
}

/** `goTo` is where the cursor goes whenever it is another one. */
export function YamlEditor({
  value,
  onChange,
  label = "YAML to apply",
  marks = NO_MARKS,
  goTo = null,
  readOnly = false,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label?: string;
  readonly marks?: Marks;
  readonly goTo?: Place | null;
  readonly readOnly?: boolean;
}) {
  const copy = useRef<HTMLPreElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another place moves the cursor
  useEffect(() => {
    const area = field.current;
    if (goTo === null || area === null) return;
    const at = offsetOf(value, goTo);
    area.focus();
    area.setSelectionRange(at, at);
    area.scrollTop = Math.max(0, (goTo.line - 5) * LINE_PX);
  }, [goTo]);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Tab" || event.shiftKey || readOnly) return;
    // Escape first lets the keyboard leave the field
    if (event.currentTarget.dataset["leave"] === "1") return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    event.currentTarget.setRangeText("  ", selectionStart, selectionEnd, "end");
    onChange(event.currentTarget.value);
  };
  return (
    <div className="yaml">
      <pre aria-hidden="true" ref={copy}>
        <Coloured marks={marks} text={value} />
      </pre>
      <textarea
        aria-label={`${label}; press Escape, then Tab to leave`}
        autoCapitalize="off"
        autoComplete="off"
        data-testid="yaml"
        onChange={(event) => onChange(event.currentTarget.value)}
        onFocus={(event) => {
          event.currentTarget.dataset["leave"] = "0";
        }}
        onKeyDown={onKeyDown}
        onKeyUp={(event) => {
          if (event.key === "Escape") event.currentTarget.dataset["leave"] = "1";
        }}
        onScroll={(event) => {
          if (copy.current === null) return;
          copy.current.scrollTop = event.currentTarget.scrollTop;
          copy.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
        readOnly={readOnly}
        ref={field}
        spellCheck={false}
        value={value}
        wrap="off"
      />
    </div>
  );
}
