// The head of the pages about access; who is no administrator is told so.
import type { ReactNode } from "react";
import { Empty } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { ACCESS_TABS } from "../../ui/places";
import { useSession } from "../../ui/session";
import { Tabs } from "../../ui/Tabs";
import "./access.css";

export function AdminsOnly({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  const admin = useSession().role === "admin";
  return (
    <>
      <PageHead title={title}>
        {admin && (
          <>
            <Tabs label="Access" tabs={ACCESS_TABS} />
            <span className="spacer" />
            {aside}
          </>
        )}
      </PageHead>
      <div className="page-body stack">
        {admin ? (
          children
        ) : (
          <Empty icon="lock" title="This is for administrators">
            <p>Ask one of them for an account with the role admin.</p>
          </Empty>
        )}
      </div>
    </>
  );
}
