// Every Envoy: connected or not, and what it has acknowledged.
import { useEffect } from "react";
import { useProxies } from "../../api/queries";
import type { ProxyRow, Tone } from "../../domain/mesh";
import { formatAge, formatDuration, milliseconds } from "../../domain/units";
import { Chip } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link } from "../../ui/router";
import { useNow } from "../../ui/useNow";

const TYPES = ["CDS", "EDS", "LDS", "RDS", "SDS"] as const;

function syncTone(state: string): Tone {
  const upper = state.toUpperCase();
  if (upper === "SYNCED") return "good";
  if (upper === "ERROR" || upper === "NACKED" || upper === "REJECTED") return "bad";
  return upper.startsWith("NOT") ? "neutral" : "warning";
}

function ProxyLine({ proxy }: { readonly proxy: ProxyRow }) {
  const now = useNow();
  const left = proxy.certificateExpiresAt === null ? null : proxy.certificateExpiresAt - now;
  return (
    <tr>
      <td>
        <span className="mono" title={proxy.id}>
          {proxy.pod === "" ? proxy.id : proxy.pod}
        </span>
        <p className="muted small">{proxy.namespace}</p>
      </td>
      <td>
        <Chip tone={proxy.connected ? "good" : "bad"}>
          {proxy.connected ? "Connected" : "Disconnected"}
        </Chip>
      </td>
      <td className="number">
        {proxy.revision !== null && (
          <Link href={`/revisions/${proxy.revision}`}>{proxy.revision}</Link>
        )}
      </td>
      {TYPES.map((type) => {
        const known = proxy.types[type];
        return (
          <td key={type}>
            {known === undefined ? (
              <span className="muted">–</span>
            ) : (
              <Chip
                title={`${known.version}${known.ackedAt === null ? "" : `, acknowledged ${formatAge(known.ackedAt, now)}`}`}
                tone={syncTone(known.state)}
              >
                {known.state.toLowerCase()}
              </Chip>
            )}
          </td>
        );
      })}
      <td className="muted">{left === null ? "–" : left <= 0 ? "expired" : formatHours(left)}</td>
    </tr>
  );
}

const formatHours = (seconds: number): string =>
  seconds >= 3600
    ? `${Math.floor(seconds / 3600)} h`
    : formatDuration(milliseconds(Math.round(seconds) * 1000));

export function ProxiesPage() {
  const query = useProxies();
  const proxies = query.data ?? [];
  const connected = proxies.filter((proxy) => proxy.connected).length;
  useEffect(() => {
    document.title = "Proxies · Meshweb";
  }, []);
  return (
    <>
      <PageHead title="Proxies">
        {proxies.length > 0 && (
          <Chip tone={connected === proxies.length ? "good" : "warning"}>
            {connected} of {proxies.length} connected
          </Chip>
        )}
      </PageHead>
      <div className="page-body">
        {query.error !== null && <Problem error={query.error} />}
        {query.isPending && <Loading what="proxies" />}
        {query.data !== undefined && proxies.length === 0 && (
          <Empty icon="proxies" title="No proxy has connected yet">
            <p>Each pod's Envoy connects when the pod starts. See the pods under Workloads.</p>
          </Empty>
        )}
        {proxies.length > 0 && (
          <div className="table-frame">
            <table className="table">
              <thead>
                <tr>
                  <th>Proxy</th>
                  <th>Connection</th>
                  <th className="number">Revision</th>
                  {TYPES.map((type) => (
                    <th key={type}>{type}</th>
                  ))}
                  <th>Certificate for</th>
                </tr>
              </thead>
              <tbody>
                {proxies.map((proxy) => (
                  <ProxyLine key={proxy.id} proxy={proxy} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </>
  );
}
