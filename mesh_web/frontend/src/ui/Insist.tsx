// A change that others refer to: refused, unless somebody insists.
import { ApiError } from "../api/client";
import { Button } from "./controls";
import { Sure } from "./Sure";

/** Nothing where the refusal has other reasons. `verb` begins a sentence: "Apply", "Delete". */
export function Insist({
  error,
  verb,
  onInsist,
}: {
  readonly error: Error;
  readonly verb: string;
  readonly onInsist: () => void;
}) {
  if (!(error instanceof ApiError) || error.code !== "breaks_others") return null;
  return (
    <Sure
      ask={(open) => (
        <Button data-testid="insist" onClick={open}>
          {verb} anyway …
        </Button>
      )}
      keep="Leave it"
      onSure={onInsist}
      says="What is named above stays as it is, with these errors, until somebody mends it."
      testId="confirm-insist"
      verb={`${verb} anyway`}
    />
  );
}
