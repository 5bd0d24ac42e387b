// What Meshweb finds wrong with itself, in words for everybody who looks at a page.

/** `said` and `mend` are sentences without a full stop. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly said: string;
  readonly mend: string;
}

interface Meaning {
  readonly of: RegExp;
  readonly means: string;
}

/** What keeps people from their work; the rest is for `meshweb doctor`. */
const MEANINGS: readonly Meaning[] = [
  { of: /^disk$/, means: "The configuration's disk is full or nearly so" },
  { of: /^database( write)?$/, means: "The configuration's database takes no changes" },
  { of: /^broker$/, means: "The broker does not do its work" },
  { of: /^store$/, means: "There are no traces, metrics and logs for now" },
  { of: /^store disk /, means: "The store's disk is full or nearly so" },
  { of: /^store write$/, means: "The store takes no traces, metrics and logs" },
];

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** One sentence and how to mend it, for each that is wrong. */
export function troubles(checks: readonly Check[]): readonly string[] {
  return checks.flatMap(({ name, ok, said, mend }) => {
    const meaning = MEANINGS.find(({ of }) => of.test(name));
    if (ok || meaning === undefined) return [];
    return [`${meaning.means}: ${said}. ${mend === "" ? "" : `${capital(mend)}.`}`.trimEnd()];
  });
}
