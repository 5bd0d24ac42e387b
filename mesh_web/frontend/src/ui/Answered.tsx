// What was asked of the server: on its way, refused, or here, even if it is from before a failure.
import type { ReactNode } from "react";
import { Button } from "./controls";
import { Loading, Problem } from "./feedback";

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

/** What was known stays on the page where asking again fails, with the reason above it. */
export function Answered<T>({
  query,
  what,
  children,
}: {
  readonly query: Asked<T>;
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}) {
  const { data, error, refetch } = query;
  const again = <Button onClick={() => refetch()}>Try again</Button>;
  if (data === undefined) {
    return error === null ? <Loading what={what} /> : <Problem action={again} error={error} />;
  }
  return (
    <>
      {error !== null && (
        <Problem
          action={
            <div className="row" data-wrap="">
              {again}
              <span className="muted small">What follows is from before.</span>
            </div>
          }
          error={error}
        />
      )}
      {children(data)}
    </>
  );
}
