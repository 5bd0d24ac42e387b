// One Envoy: its connection and certificate, and everything it is served.
import { useEffect, useState } from "react";
import { useLiveProxies } from "../../api/live";
import { useConfigDump } from "../../api/queries";
import {
  DUMP_KINDS,
  type Dump,
  type DumpKind,
  findRows,
  findServed,
  type MadeBy,
  madeBy,
  routeRows,
  type Served,
} from "../../domain/dump";
import type { ProxyRow } from "../../domain/mesh";
import { formatAge, formatSpan, formatTime, type UnixSeconds } from "../../domain/units";
import { Copyable } from "../../ui/Copyable";
import { Button, Chip, Segmented } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { Icon } from "../../ui/Icon";
import { LiveMark } from "../../ui/LiveMark";
import { PageHead } from "../../ui/PageHead";
import { Link } from "../../ui/router";
import { useNow } from "../../ui/useNow";
import { JsonTree } from "./JsonTree";
import { syncTone, TYPES } from "./sync";
import "./proxies.css";

/** Below this a certificate should long have been renewed. */
const SOON_SECONDS = 600;

function Certificate({ expiresAt }: { readonly expiresAt: UnixSeconds | null }) {
  const now = useNow();
  if (expiresAt === null) return <span className="muted">none known</span>;
  const left = expiresAt - now;
  const tone = left <= 0 ? "bad" : left < SOON_SECONDS ? "warning" : "good";
  return (
    <>
      <Chip tone={tone}>{left <= 0 ? "expired" : `for ${formatSpan(left)}`}</Chip>{" "}
      <span className="muted small">until {formatTime(expiresAt)}</span>
    </>
  );
}

function Facts({ proxy }: { readonly proxy: ProxyRow }) {
  const now = useNow(5000);
  return (
    <dl className="proxy-facts">
      <div>
        <dt>Workload</dt>
        <dd>
          <Link
            href={`/?${new URLSearchParams({ select: `workload:${proxy.namespace}/${proxy.workload}` })}`}
          >
            {proxy.namespace}/{proxy.workload}
          </Link>
        </dd>
      </div>
      <div>
        <dt>Revision</dt>
        <dd>
          {proxy.revision === null ? (
            <span className="muted">none yet</span>
          ) : (
            <Link href={`/revisions/${proxy.revision}`}>{proxy.revision}</Link>
          )}
        </dd>
      </div>
      <div>
        <dt>Certificate</dt>
        <dd>
          <Certificate expiresAt={proxy.certificateExpiresAt} />
        </dd>
      </div>
      <div>
        <dt>Acknowledged</dt>
        <dd className="row" data-wrap="">
          {TYPES.map((type) => {
            const known = proxy.types[type];
            if (known === undefined) return null;
            const when = known.ackedAt === null ? "" : `, ${formatAge(known.ackedAt, now)}`;
            return (
              <Chip
                key={type}
                title={`version ${known.version}${when}`}
                tone={syncTone(known.state)}
              >
                {type} {known.state.toLowerCase()}
              </Chip>
            );
          })}
        </dd>
      </div>
      <div>
        <dt>Id</dt>
        <dd>
          <Copyable text={proxy.id} what="id" />
        </dd>
      </div>
    </dl>
  );
}

/** To the resource that made something; where in it is said beside the link. */
function Maker({ made }: { readonly made: MadeBy | null }) {
  if (made === null) return <span className="muted">–</span>;
  const resource = `${made.kind} ${made.namespace}/${made.name}`;
  return (
    <>
      <Link href={`/config?${new URLSearchParams({ resource })}`}>{resource}</Link>
      {made.path !== "" && <span className="muted small mono"> {made.path}</span>}
    </>
  );
}

function Routes({ served, words }: { readonly served: Served; readonly words: string }) {
  const rows = findRows(routeRows(served.config), words);
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th>Host</th>
            <th>Match</th>
            <th>To</th>
            <th>Made by</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place in the order
            <tr key={i}>
              <td title={row.domains.join(", ")}>{row.host}</td>
              <td className="mono">{row.match}</td>
              <td className="mono">{row.action}</td>
              <td>
                <Maker made={row.madeBy} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Resource({
  served,
  kind,
  words,
}: {
  readonly served: Served;
  readonly kind: DumpKind;
  readonly words: string;
}) {
  const [open, setOpen] = useState(false);
  const made = madeBy(served.config);
  const shown = open && served.config !== null;
  return (
    <li className="served">
      <div className="served-head">
        <button
          aria-expanded={open}
          disabled={served.config === null}
          onClick={() => setOpen(!open)}
          type="button"
        >
          <Icon name={served.config === null ? "lock" : "chevron"} size={14} />
          <span>{served.name}</span>
        </button>
        {made !== null && (
          <span className="served-maker">
            <Maker made={made} />
          </span>
        )}
        <span className="mono muted small">{served.version.slice(0, 12)}</span>
      </div>
      {shown && kind === "routes" && <Routes served={served} words={words} />}
      {shown && served.config !== null && <JsonTree value={served.config} words={words} />}
    </li>
  );
}

const LABELS: Readonly<Record<DumpKind, string>> = {
  clusters: "Clusters",
  endpoints: "Endpoints",
  listeners: "Listeners",
  routes: "Routes",
  secrets: "Secrets",
};

function Content({ dump }: { readonly dump: Dump }) {
  const [kind, setKind] = useState<DumpKind>("routes");
  const [words, setWords] = useState("");
  const found = findServed(dump[kind], words);
  return (
    <section className="stack">
      <div className="row" data-wrap="">
        <Segmented
          label="Kind of configuration"
          onChange={setKind}
          options={DUMP_KINDS.map((one) => ({
            value: one,
            label: `${LABELS[one]} ${findServed(dump[one], words).length}`,
          }))}
          testId="dump"
          value={kind}
        />
        <input
          aria-label="Search in names, keys and values"
          className="input dump-search"
          data-testid="dump-search"
          onChange={(event) => setWords(event.currentTarget.value.trim())}
          placeholder="Search names, keys, values"
          type="search"
        />
      </div>
      {found.length === 0 ? (
        <p className="muted">
          {words === "" ? `This proxy is served no ${kind}.` : `No ${kind} contain “${words}”.`}
        </p>
      ) : (
        <ul className="served-list" data-testid="served">
          {found.map((served) => (
            <Resource key={`${kind} ${served.name}`} kind={kind} served={served} words={words} />
          ))}
        </ul>
      )}
    </section>
  );
}

const versionOf = (proxy: ProxyRow | undefined): string =>
  TYPES.map((type) => proxy?.types[type]?.version ?? "").join(" ");

export function ProxyPage({ id }: { readonly id: string }) {
  const { value, connection } = useLiveProxies();
  const proxy = value?.find((one) => one.id === id);
  const query = useConfigDump(id, versionOf(proxy));
  useEffect(() => {
    document.title = "Proxy · Meshweb";
  }, []);
  return (
    <>
      <PageHead title={proxy === undefined || proxy.pod === "" ? "Proxy" : proxy.pod}>
        <LiveMark connection={connection} />
        {proxy !== undefined && (
          <Chip tone={proxy.connected ? "good" : "bad"}>
            {proxy.connected ? "Connected" : "Disconnected"}
          </Chip>
        )}
        <span className="spacer" />
        <Link className="button" href="/proxies">
          All proxies
        </Link>
      </PageHead>
      <div className="page-body proxy-page">
        {value !== null && proxy === undefined && (
          <Empty icon="proxies" title="This proxy is gone">
            <p>Its pod was replaced. See those that run now under Proxies.</p>
          </Empty>
        )}
        {proxy !== undefined && <Facts proxy={proxy} />}
        {query.isPending && <Loading what="what this proxy is served" />}
        {query.error !== null && (value === null || proxy !== undefined) && (
          <Problem
            action={<Button onClick={() => query.refetch()}>Try again</Button>}
            error={query.error}
          />
        )}
        {query.data !== undefined && <Content dump={query.data} />}
      </div>
    </>
  );
}
