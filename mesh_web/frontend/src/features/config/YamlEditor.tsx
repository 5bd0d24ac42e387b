// A plain text field over its own coloured copy, with line numbers.
import { type KeyboardEvent, useRef } from "react";
import { yamlTokens } from "../../domain/yaml";

function Coloured({ text }: { readonly text: string }) {
  const lines = text.split("\n");
  return (
    <>
      {lines.map((line, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
        <span className="yaml-line" key={number}>
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

export function YamlEditor({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const copy = useRef<HTMLPreElement>(null);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Tab" || event.shiftKey) return;
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
        <Coloured text={value} />
      </pre>
      <textarea
        aria-label="YAML to apply; press Escape, then Tab to leave"
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
        spellCheck={false}
        value={value}
        wrap="off"
      />
    </div>
  );
}
