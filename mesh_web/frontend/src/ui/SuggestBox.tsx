// A box for a small language: what may come next is offered below it, and where it is wrong is shown.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import "./suggest.css";

export interface Suggestion {
  /** What is put into the text. */
  readonly insert: string;
  readonly label: string;
  readonly detail?: string;
}

export interface Wrong {
  readonly message: string;
  /** Characters from 0, or null where it is not known. */
  readonly position: number | null;
  readonly hint?: string;
}

interface Edited {
  readonly text: string;
  readonly caret: number;
}

const MOVES: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

/** The text again, the place where it was not understood marked. */
function Mistake({ text, wrong, id }: { text: string; wrong: Wrong; id: string }) {
  const at = wrong.position === null ? null : Math.min(Math.max(wrong.position, 0), text.length);
  return (
    <div className="suggest-wrong" data-testid="query-error" id={id} role="alert">
      {at !== null && (
        <pre aria-hidden="true">
          {text.slice(0, at)}
          <mark>{text.slice(at, at + 1).trim() || " "}</mark>
          {text.slice(at + 1)}
        </pre>
      )}
      <p>
        {wrong.message}
        {wrong.hint !== undefined && wrong.hint !== "" && <span> {wrong.hint}</span>}
      </p>
    </div>
  );
}

export function SuggestBox({
  label,
  value,
  placeholder,
  suggestions,
  wrong,
  wrongText,
  lines = 1,
  onChange,
  onCaret,
  onChoose,
  onSubmit,
  children,
}: {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly suggestions: readonly Suggestion[];
  readonly wrong: Wrong | null;
  /** What was asked when it was found wrong. */
  readonly wrongText: string;
  readonly lines?: number;
  readonly onChange: (text: string) => void;
  readonly onCaret: (caret: number) => void;
  readonly onChoose: (suggestion: Suggestion) => Edited;
  readonly onSubmit: () => void;
  readonly children?: ReactNode;
}) {
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [caret, setCaret] = useState<number | null>(null);
  const shown = open && suggestions.length > 0;

  useEffect(() => {
    if (caret === null) return;
    box.current?.setSelectionRange(caret, caret);
    onCaret(caret);
    setCaret(null);
  }, [caret, onCaret]);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const choose = (suggestion: Suggestion) => {
    const edited = onChoose(suggestion);
    onChange(edited.text);
    setCaret(edited.caret);
    setActive(-1);
    box.current?.focus();
  };
  const moved = () => {
    onCaret(box.current?.selectionStart ?? 0);
    setActive(-1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    const choice = suggestions[active];
    if (move !== undefined && (shown || lines === 1)) {
      event.preventDefault();
      const last = suggestions.length - 1;
      if (!shown) setOpen(true);
      else if (active < 0) setActive(move > 0 ? 0 : last);
      else setActive((active + move + last + 1) % (last + 1));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (shown && choice !== undefined) choose(choice);
      else {
        setOpen(false);
        onSubmit();
      }
    } else if (event.key === "Tab" && shown && choice !== undefined) {
      event.preventDefault();
      choose(choice);
    } else if (event.key === "Escape" && shown) {
      event.preventDefault();
      setOpen(false);
    }
  };
  return (
    <div className="suggest">
      <label className="field">
        <span>{label}</span>
        <textarea
          aria-activedescendant={shown && active >= 0 ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-describedby={wrong === null ? undefined : `${id}-wrong`}
          aria-expanded={shown}
          aria-invalid={wrong !== null}
          autoCapitalize="off"
          autoComplete="off"
          className="input suggest-input"
          data-testid="query-box"
          onBlur={() => setOpen(false)}
          onChange={(event) => {
            onChange(event.currentTarget.value.replace(/\n/g, lines === 1 ? " " : "\n"));
            setOpen(true);
            moved();
          }}
          onClick={() => {
            setOpen(true);
            moved();
          }}
          onKeyDown={onKeyDown}
          onKeyUp={(event) => {
            if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) moved();
          }}
          placeholder={placeholder}
          ref={box}
          role="combobox"
          rows={lines}
          spellCheck={false}
          value={value}
        />
      </label>
      {shown && (
        <div
          className="suggest-list"
          data-testid="suggestions"
          id={`${id}-list`}
          ref={list}
          role="listbox"
        >
          {suggestions.map((one, index) => (
            <div
              aria-selected={index === active}
              className="suggest-option"
              id={`${id}-${index}`}
              key={one.insert}
              // before the box loses the keyboard
              onMouseDown={(event) => {
                event.preventDefault();
                choose(one);
              }}
              role="option"
              tabIndex={-1}
            >
              <span className="mono">{one.label}</span>
              {one.detail !== undefined && <span className="muted small">{one.detail}</span>}
            </div>
          ))}
        </div>
      )}
      {children}
      {wrong !== null && <Mistake id={`${id}-wrong`} text={wrongText} wrong={wrong} />}
    </div>
  );
}
