// The latest of what one workload's proxies and application said.
import { useLogs } from "../../api/logs";
import { parseLogView } from "../../domain/logs";
import { Loading, Problem } from "../../ui/feedback";
import { Section } from "../../ui/Panel";
import { Link } from "../../ui/router";
import { LogList } from "./LogList";

const AT_ONCE = 50;

export function WorkloadLogs({ workload }: { readonly workload: string }) {
  const params = new URLSearchParams({ workload });
  const query = useLogs(parseLogView(params), AT_ONCE);
  const none = query.data?.pages[0]?.items.length === 0;
  return (
    <Section aside={<Link href={`/logs?${params}`}>All logs</Link>} title="Logs">
      {query.error !== null && <Problem error={query.error} />}
      {query.isPending && <Loading what="logs" />}
      {none && (
        <p className="muted">
          Nothing within the last hour. Access logs appear with its first requests; an application's
          own records come by OTLP.
        </p>
      )}
      {query.data !== undefined && !none && <LogList named={false} query={query} />}
    </Section>
  );
}
