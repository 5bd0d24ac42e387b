// The head of a page.
import { type ReactNode, useEffect } from "react";

/** The head of a page: its name, which the browser's tab gets as well, and what can be chosen. */
export function PageHead({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  useEffect(() => {
    document.title = title === "" ? "Meshweb" : `${title} · Meshweb`;
  }, [title]);
  return (
    <header className="page-head">
      <h1>{title}</h1>
      {children}
    </header>
  );
}
