// What a list is narrowed by: words, and a state with how many are in it.
import { Segmented } from "./controls";

/** `label` says what is looked through; words come without the blanks around them. */
export function FindBox({
  label,
  placeholder,
  onWords,
  testId,
}: {
  readonly label: string;
  readonly placeholder: string;
  readonly onWords: (words: string) => void;
  readonly testId?: string;
}) {
  return (
    <input
      aria-label={label}
      className="input find-box"
      data-testid={testId}
      onChange={(event) => onWords(event.currentTarget.value.trim())}
      placeholder={placeholder}
      type="search"
    />
  );
}

const capital = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1)}`;

export function Narrowing<T extends string>({
  label,
  states,
  countOf,
  state,
  onState,
  testId,
  find,
  placeholder,
  onWords,
}: {
  readonly label: string;
  readonly states: readonly T[];
  readonly countOf: (state: T) => number;
  readonly state: T;
  readonly onState: (state: T) => void;
  readonly testId: string;
  readonly find: string;
  readonly placeholder: string;
  readonly onWords: (words: string) => void;
}) {
  return (
    <div className="row" data-wrap="">
      <Segmented
        label={label}
        onChange={onState}
        options={states.map((one) => ({ value: one, label: `${capital(one)} ${countOf(one)}` }))}
        testId={testId}
        value={state}
      />
      <FindBox label={find} onWords={onWords} placeholder={placeholder} />
    </div>
  );
}
