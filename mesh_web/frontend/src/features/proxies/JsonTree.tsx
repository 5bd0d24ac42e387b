// Any JSON as a tree that folds; what matches a search is open and marked.
import { useState } from "react";
import { contains, isFields, type Json } from "../../domain/dump";

const entriesOf = (value: Json): readonly (readonly [string, Json])[] => {
  if (Array.isArray(value)) return value.map((one: Json, i: number) => [String(i), one] as const);
  return isFields(value) ? Object.entries(value) : [];
};

/** What a folded value is: a list of objects goes by their names. */
function summary(value: Json): string {
  const size = entriesOf(value).length;
  if (Array.isArray(value)) return `[${size}]`;
  const name = isFields(value) ? value["name"] : undefined;
  return typeof name === "string" ? name : `{${size}}`;
}

function Marked({ text, words }: { readonly text: string; readonly words: string }) {
  const from = words === "" ? -1 : text.toLowerCase().indexOf(words.toLowerCase());
  if (from < 0) return text;
  return (
    <>
      {text.slice(0, from)}
      <mark>{text.slice(from, from + words.length)}</mark>
      {text.slice(from + words.length)}
    </>
  );
}

function Branch({
  name,
  value,
  words,
  depth,
}: {
  readonly name: string;
  readonly value: Json;
  readonly words: string;
  readonly depth: number;
}) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const entries = entriesOf(value);
  if (entries.length === 0) {
    const shown = typeof value === "object" ? summary(value) : String(value);
    return (
      <li>
        <b>
          <Marked text={name} words={words} />
        </b>{" "}
        <span data-type={typeof value}>
          <Marked text={value === null ? "null" : shown} words={words} />
        </span>
      </li>
    );
  }
  const open = chosen ?? (contains(value, words) || depth < 1);
  return (
    <li>
      <button aria-expanded={open} onClick={() => setChosen(!open)} type="button">
        <b>
          <Marked text={name} words={words} />
        </b>{" "}
        {!open && <span className="muted">{summary(value)}</span>}
      </button>
      {open && <Branches depth={depth + 1} value={value} words={words} />}
    </li>
  );
}

function Branches({
  value,
  words,
  depth,
}: {
  readonly value: Json;
  readonly words: string;
  readonly depth: number;
}) {
  return (
    <ul>
      {entriesOf(value).map(([name, inner]) => (
        // a new search opens what it finds, whatever was folded before
        <Branch depth={depth} key={`${name} ${words}`} name={name} value={inner} words={words} />
      ))}
    </ul>
  );
}

export function JsonTree({ value, words }: { readonly value: Json; readonly words: string }) {
  return (
    <div className="json-tree">
      <Branches depth={0} value={value} words={words} />
    </div>
  );
}
