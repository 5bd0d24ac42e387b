// The whole application: session first, then the page that the address names.
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { ApiError, onSessionLost } from "../api/client";
import { sessionQuery } from "../api/queries";
import { LoginPage } from "../features/login/LoginPage";
import { Button } from "../ui/controls";
import { Empty, Loading, Problem } from "../ui/feedback";
import { PageHead } from "../ui/PageHead";
import { Link, navigate, usePath, useSearch } from "../ui/router";
import { SessionContext } from "../ui/session";
import { Toasts } from "../ui/toasts";
import { GraphPage } from "./GraphPage";
import { Shell } from "./Shell";
import "../ui/tokens.css";
import "../ui/base.css";
import "../ui/components.css";

const TracesPage = lazy(() =>
  import("../features/traces/TracesPage").then((m) => ({ default: m.TracesPage })),
);
const TracePage = lazy(() =>
  import("../features/traces/TracePage").then((m) => ({ default: m.TracePage })),
);
const ComparePage = lazy(() =>
  import("../features/traces/ComparePage").then((m) => ({ default: m.ComparePage })),
);
const LogsPage = lazy(() =>
  import("../features/logs/LogsPage").then((m) => ({ default: m.LogsPage })),
);
const RevisionsPage = lazy(() =>
  import("../features/revisions/RevisionsPage").then((m) => ({ default: m.RevisionsPage })),
);
const RevisionComparePage = lazy(() =>
  import("../features/revisions/ComparePage").then((m) => ({ default: m.RevisionComparePage })),
);
const WorkloadsPage = lazy(() =>
  import("../features/workloads/WorkloadsPage").then((m) => ({ default: m.WorkloadsPage })),
);
const ProxiesPage = lazy(() =>
  import("../features/proxies/ProxiesPage").then((m) => ({ default: m.ProxiesPage })),
);
const ProxyPage = lazy(() =>
  import("../features/proxies/ProxyPage").then((m) => ({ default: m.ProxyPage })),
);
const RulesPage = lazy(() =>
  import("../features/rules/RulesPage").then((m) => ({ default: m.RulesPage })),
);
const RuleEditorPage = lazy(() =>
  import("../features/rules/RuleEditor").then((m) => ({ default: m.RuleEditorPage })),
);
const TargetsPage = lazy(() =>
  import("../features/targets/TargetsPage").then((m) => ({ default: m.TargetsPage })),
);
const CertificatesPage = lazy(() =>
  import("../features/certificates/CertificatesPage").then((m) => ({
    default: m.CertificatesPage,
  })),
);
const ConfigPage = lazy(() =>
  import("../features/config/ConfigPage").then((m) => ({ default: m.ConfigPage })),
);

const ResourcesPage = lazy(() =>
  import("../features/config/ResourcesPage").then((m) => ({ default: m.ResourcesPage })),
);
const MetricsPage = lazy(() =>
  import("../features/metrics/MetricsPage").then((m) => ({ default: m.MetricsPage })),
);
const ExplainPage = lazy(() =>
  import("../features/explain/ExplainPage").then((m) => ({ default: m.ExplainPage })),
);
const AccountsPage = lazy(() =>
  import("../features/access/AccountsPage").then((m) => ({ default: m.AccountsPage })),
);
const TokensPage = lazy(() =>
  import("../features/access/TokensPage").then((m) => ({ default: m.TokensPage })),
);
const AuditPage = lazy(() =>
  import("../features/access/AuditPage").then((m) => ({ default: m.AuditPage })),
);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (failures, error) =>
        failures < 3 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

const NotFound = () => (
  <>
    <PageHead title="Not found" />
    <Empty icon="search" title="There is no such page">
      <Link href="/">To the live graph</Link>
    </Empty>
  </>
);

function Page({ path }: { readonly path: string }): ReactNode {
  const [, first = "", second = ""] = path.split("/");
  const resource = useSearch().get("resource");
  switch (first) {
    case "":
      return <GraphPage />;
    case "traces":
      if (second === "compare") return <ComparePage />;
      return second === "" ? <TracesPage /> : <TracePage id={decodeURIComponent(second)} />;
    case "logs":
      return <LogsPage />;
    case "revisions":
      if (second === "compare") return <RevisionComparePage />;
      return <RevisionsPage chosen={second === "" ? null : Number(second)} />;
    case "workloads":
      return <WorkloadsPage />;
    case "proxies":
      return second === "" ? (
        <ProxiesPage />
      ) : (
        <ProxyPage id={decodeURIComponent(second)} key={second} />
      );
    case "rules":
      return second === "edit" ? <RuleEditorPage /> : <RulesPage />;
    case "targets":
      return <TargetsPage />;
    case "certificates":
      return <CertificatesPage />;
    case "query":
      return <MetricsPage />;
    case "explain":
      return <ExplainPage />;
    case "access":
      if (second === "tokens") return <TokensPage />;
      return second === "audit" ? <AuditPage /> : <AccountsPage />;
    case "config":
      return second === "edit" || resource !== null ? <ConfigPage /> : <ResourcesPage />;
    default:
      return <NotFound />;
  }
}

/** A path inside this application to go back to after login; nothing else is trusted. */
function backTo(search: URLSearchParams): string {
  const next = search.get("next") ?? "/";
  return next.startsWith("/") && !next.startsWith("//") ? next : "/";
}

function Gate() {
  const path = usePath();
  const search = useSearch();
  const client = useQueryClient();
  const session = useQuery(sessionQuery);

  useEffect(() => onSessionLost(() => client.resetQueries({ queryKey: ["session"] })), [client]);

  const refused = session.error instanceof ApiError && session.error.status === 401;
  if (path === "/login" || refused) {
    const here = path === "/login" ? backTo(search) : `${path}${window.location.search}`;
    return <LoginPage onDone={() => navigate(here, "replace")} />;
  }
  if (session.error !== null && session.data === undefined) {
    return (
      <div className="empty">
        <Problem
          action={<Button onClick={() => session.refetch()}>Try again</Button>}
          error={session.error}
        />
      </div>
    );
  }
  if (session.data === undefined) return <Loading what="Meshweb" />;
  return (
    <SessionContext value={session.data}>
      <Shell>
        <Suspense fallback={<Loading what="the page" />}>
          <Page path={path} />
        </Suspense>
      </Shell>
    </SessionContext>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Gate />
      <Toasts />
    </QueryClientProvider>
  );
}
