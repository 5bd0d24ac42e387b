// A panel beside the page: a column on wide screens, a sheet on narrow ones.
import { type ReactNode, useEffect, useRef } from "react";
import { IconButton } from "./controls";
import { useFocusBack } from "./focus";

export function Panel({
  title,
  kicker,
  mark,
  onClose,
  testId,
  children,
}: {
  readonly title: string;
  readonly kicker: ReactNode;
  readonly mark?: ReactNode;
  readonly onClose: () => void;
  readonly testId: string;
  readonly children: ReactNode;
}) {
  const panel = useRef<HTMLElement>(null);
  useFocusBack(panel);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) onClose();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onClose]);
  return (
    <aside aria-label={title} className="panel" data-testid={testId} ref={panel} tabIndex={-1}>
      <header className="panel-head">
        <div className="panel-title">
          <div className="row">
            {mark}
            <h2>{title}</h2>
          </div>
          <div className="row muted" data-wrap="">
            {kicker}
          </div>
        </div>
        <IconButton icon="close" label="Close panel" onClick={onClose} />
      </header>
      <div className="panel-body">{children}</div>
    </aside>
  );
}

export function Section({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="section">
      <div className="row" data-spread="">
        <h3>{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  );
}

export interface FigureValue {
  readonly label: string;
  readonly value: string;
  readonly bad?: boolean;
}

/** Labelled numbers side by side. */
export function Figures({ values }: { readonly values: readonly FigureValue[] }) {
  return (
    <dl className="figures">
      {values.map(({ label, value, bad }) => (
        <div className="figure" key={label}>
          <dt>{label}</dt>
          <dd data-tone={bad === true ? "bad" : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
