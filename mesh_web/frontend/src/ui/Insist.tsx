// A change that others refer to: refused, unless somebody insists.
import { useState } from "react";
import { ApiError } from "../api/client";
import { Button } from "./controls";

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
  const [sure, setSure] = useState(false);
  if (!(error instanceof ApiError) || error.code !== "breaks_others") return null;
  if (!sure) {
    return (
      <div>
        <Button data-testid="insist" onClick={() => setSure(true)}>
          {verb} anyway …
        </Button>
      </div>
    );
  }
  return (
    <div className="stack" role="alertdialog">
      <p>What is named above stays as it is, with these errors, until somebody mends it.</p>
      <div className="row" data-wrap="">
        <Button autoFocus data-testid="confirm-insist" onClick={onInsist} tone="danger">
          {verb} anyway
        </Button>
        <Button onClick={() => setSure(false)} tone="quiet">
          Leave it
        </Button>
      </div>
    </div>
  );
}
