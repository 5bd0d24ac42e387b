// The head of a page.
import type { ReactNode } from "react";

/** The head of a page: its name, and what can be chosen. */
export function PageHead({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <header className="page-head">
      <h1>{title}</h1>
      {children}
    </header>
  );
}
