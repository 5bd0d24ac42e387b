// One Envoy: its connection and certificate, and everything it is served.
import { useState } from "react";
import { useLiveProxies } from "../../api/live";
import { useConfigDump } from "../../api/queries";
import {
  DUMP_KINDS,
  type Dump,
  type DumpKind,
  findRows,
  findServed,
  type Json,
  type MadeBy,
  madeBy,
  routeRows,
  type SecretFacts,
  type Served,
} from "../../domain/dump";
import type { EnvoyWord } from "../../domain/envoy";
import type { ProxyRow } from "../../domain/mesh";
import { formatAge, formatSpan, formatTime, type UnixSeconds } from "../../domain/units";
import { Copyable } from "../../ui/Copyable";
import { Button, Chip, Segmented } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { Icon } from "../../ui/Icon";
import { LiveMark } from "../../ui/LiveMark";
import { FindBox } from "../../ui/Narrowing";
import { PageHead } from "../../ui/PageHead";
import { Link } from "../../ui/router";
import { useNow } from "../../ui/useNow";
import { JsonTree } from "./JsonTree";
import { Logging } from "./LogLevels";
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
      <div className="whole-row">
        <dt>Acknowledged</dt>
        <dd className="syncs">
          {TYPES.map((type) => {
            const known = proxy.types[type];
            if (known === undefined) return null;
            return (
              <span className="sync" key={type}>
                <Chip tone={syncTone(known.state)}>
                  {type} {known.state.toLowerCase()}
                </Chip>
                <span className="muted small mono">{known.version}</span>
                {known.ackedAt !== null && (
                  <span className="muted small">{formatAge(known.ackedAt, now)}</span>
                )}
              </span>
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

type Shown = DumpKind | "secrets" | "bootstrap";
const SHOWN: readonly Shown[] = [...DUMP_KINDS, "secrets", "bootstrap"];
const LABELS: Readonly<Record<Shown, string>> = {
  clusters: "Clusters",
  endpoints: "Endpoints",
  listeners: "Listeners",
  routes: "Routes",
  secrets: "Secrets",
  bootstrap: "Bootstrap",
};

/** What there is of a kind, as a number beside its name. */
function countOf(dump: Dump, kind: Shown, words: string): string {
  if (kind === "bootstrap") return "";
  if (kind === "secrets") return String(dump.secrets.length);
  return String(findServed(dump[kind], words).length);
}

function Secrets({ secrets }: { readonly secrets: readonly SecretFacts[] }) {
  return (
    <ul className="served-list" data-testid="secrets">
      {secrets.map((secret) => (
        <li className="served secret" key={secret.name}>
          <div className="row" data-wrap="">
            <Icon name="lock" size={14} />
            <b className="mono">{secret.name}</b>
            <span className="muted small">from {secret.source}</span>
            <span className="mono muted small">{secret.version.slice(0, 12)}</span>
          </div>
          {secret.certificates.map((one) => (
            <dl className="secret-facts small" key={one.serial}>
              <div>
                <dt>{one.authority ? "Root" : "Certificate"}</dt>
                <dd className="mono">{one.sans.length > 0 ? one.sans.join(", ") : one.subject}</dd>
              </div>
              <div>
                <dt>Issuer</dt>
                <dd className="mono">{one.issuer}</dd>
              </div>
              <div>
                <dt>Valid</dt>
                <dd>
                  {formatTime(one.notBefore)} to {formatTime(one.notAfter)}
                </dd>
              </div>
              <div>
                <dt>Serial</dt>
                <dd className="mono">{one.serial}</dd>
              </div>
            </dl>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Whether the running Envoy has what it is served; what it has not, with the reason. */
function Compared({ envoy }: { readonly envoy: EnvoyWord }) {
  if (!envoy.answered) {
    return (
      <p className="row" data-testid="envoy" data-wrap="">
        <Chip tone="warning">Envoy not heard</Chip>
        <span className="muted">
          This is what control serves; whether Envoy has it is not known: {envoy.error}.
        </span>
      </p>
    );
  }
  if (envoy.differences.length === 0) {
    return (
      <p className="row" data-testid="envoy" data-wrap="">
        <Chip tone="good">Envoy has all of it</Chip>
      </p>
    );
  }
  return (
    <div className="stack" data-testid="envoy">
      <p className="row" data-wrap="">
        <Chip tone="bad">Envoy differs</Chip>
      </p>
      <ul className="served-list">
        {envoy.differences.map((one) => (
          <li className="served secret small" key={`${one.type} ${one.name}`}>
            <b>{one.type}</b> <span className="mono">{one.name}</span>: {one.problem}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Content({ dump }: { readonly dump: Dump }) {
  const [kind, setKind] = useState<Shown>("routes");
  const [words, setWords] = useState("");
  return (
    <section className="stack">
      <Compared envoy={dump.envoy} />
      <div className="row" data-wrap="">
        <Segmented
          label="Kind of configuration"
          onChange={setKind}
          options={SHOWN.map((one) => ({
            value: one,
            label: `${LABELS[one]} ${countOf(dump, one, words)}`.trim(),
          }))}
          testId="dump"
          value={kind}
        />
        <FindBox
          label="Search in names, keys and values"
          onWords={setWords}
          placeholder="Search names, keys, values"
          testId="dump-search"
        />
      </div>
      {kind === "secrets" ? (
        <Secrets secrets={dump.secrets} />
      ) : kind === "bootstrap" ? (
        <Bootstrap value={dump.bootstrap} words={words} />
      ) : (
        <Resources found={findServed(dump[kind], words)} kind={kind} words={words} />
      )}
    </section>
  );
}

function Bootstrap({ value, words }: { readonly value: Json | null; readonly words: string }) {
  if (value === null) return <p className="muted">Its Envoy does not answer.</p>;
  return (
    <div className="served-list bootstrap" data-testid="bootstrap">
      <JsonTree value={value} words={words} />
    </div>
  );
}

function Resources({
  found,
  kind,
  words,
}: {
  readonly found: readonly Served[];
  readonly kind: DumpKind;
  readonly words: string;
}) {
  if (found.length === 0) {
    return (
      <p className="muted">
        {words === "" ? `This proxy is served no ${kind}.` : `No ${kind} contain “${words}”.`}
      </p>
    );
  }
  return (
    <ul className="served-list" data-testid="served">
      {found.map((served) => (
        <Resource key={`${kind} ${served.name}`} kind={kind} served={served} words={words} />
      ))}
    </ul>
  );
}

const versionOf = (proxy: ProxyRow | undefined): string =>
  TYPES.map((type) => proxy?.types[type]?.version ?? "").join(" ");

export function ProxyPage({ id }: { readonly id: string }) {
  const { value, connection } = useLiveProxies();
  const proxy = value?.find((one) => one.id === id);
  const query = useConfigDump(id, versionOf(proxy));
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
        {proxy?.connected === true && <Logging id={id} />}
      </div>
    </>
  );
}
