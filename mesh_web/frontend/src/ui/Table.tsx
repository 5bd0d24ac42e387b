// Rows under headings; on narrow screens each row becomes a card whose cells say their heading.
import type { ReactNode } from "react";

interface Head {
  readonly label: string;
  /** Numbers stand at the right. */
  readonly number?: true;
  /** Read aloud, not shown. */
  readonly hidden?: true;
}

export const ACTIONS: Head = { label: "Actions", hidden: true };
export const numbers = (label: string): Head => ({ label, number: true });

export function Table({
  heads,
  className = "table",
  testId,
  children,
}: {
  readonly heads: readonly (Head | string)[];
  readonly className?: string;
  readonly testId?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="table-frame">
      <table className={className} data-stack="" data-testid={testId}>
        <thead>
          <tr>
            {heads
              .map((head): Head => (typeof head === "string" ? { label: head } : head))
              .map(({ label, number, hidden }) => (
                <th className={number && "number"} key={label} scope="col">
                  {hidden ? <span className="visually-hidden">{label}</span> : label}
                </th>
              ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
