// Every Envoy: connected or not, and what it has acknowledged.
import { useLiveProxies } from "../../api/live";
import type { ProxyRow } from "../../domain/mesh";
import { formatAge, formatSpan } from "../../domain/units";
import { Chip } from "../../ui/controls";
import { Empty, Loading } from "../../ui/feedback";
import { LiveMark } from "../../ui/LiveMark";
import { PageHead } from "../../ui/PageHead";
import { PROXY_TABS } from "../../ui/places";
import { Link } from "../../ui/router";
import { Tabs } from "../../ui/Tabs";
import { useNow } from "../../ui/useNow";
import { syncTone, TYPES } from "./sync";
import "./proxies.css";

function ProxyLine({ proxy }: { readonly proxy: ProxyRow }) {
  const now = useNow();
  const left = proxy.certificateExpiresAt === null ? null : proxy.certificateExpiresAt - now;
  return (
    <tr>
      <td data-label="Proxy">
        <Link className="mono" href={`/proxies/${encodeURIComponent(proxy.id)}`} title={proxy.id}>
          {proxy.pod === "" ? proxy.id : proxy.pod}
        </Link>
        <p className="muted small">{proxy.namespace}</p>
      </td>
      <td data-label="Connection">
        <Chip tone={proxy.connected ? "good" : "bad"}>
          {proxy.connected ? "Connected" : "Disconnected"}
        </Chip>
      </td>
      <td className="number" data-label="Revision">
        {proxy.revision !== null && (
          <Link href={`/revisions/${proxy.revision}`}>{proxy.revision}</Link>
        )}
      </td>
      {TYPES.map((type) => {
        const known = proxy.types[type];
        return (
          <td data-label={type} key={type}>
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
      <td className={left !== null && left <= 0 ? "expired" : "muted"} data-label="Certificate for">
        {left === null ? "–" : left <= 0 ? "expired" : formatSpan(left)}
      </td>
    </tr>
  );
}

export function ProxiesPage() {
  const { value, connection } = useLiveProxies();
  const proxies = value ?? [];
  const connected = proxies.filter((proxy) => proxy.connected).length;
  return (
    <>
      <PageHead title="Proxies">
        <Tabs label="Proxies" tabs={PROXY_TABS} />
        <LiveMark connection={connection} />
        {proxies.length > 0 && (
          <Chip tone={connected === proxies.length ? "good" : "warning"}>
            {connected} of {proxies.length} connected
          </Chip>
        )}
      </PageHead>
      <div className="page-body">
        {value === null && <Loading what="proxies" />}
        {value !== null && proxies.length === 0 && (
          <Empty icon="proxies" title="No proxy has connected yet">
            <p>Each pod's Envoy connects when the pod starts. See the pods under Workloads.</p>
          </Empty>
        )}
        {proxies.length > 0 && (
          <div className="table-frame">
            <table className="table" data-stack="">
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
