// Who is who: the certificates of workloads and gateways, and the roots that vouch for them.
import { useState } from "react";
import { useCertificates, useGatewayCertificates, useRenewal } from "../../api/certificates";
import {
  accountOf,
  broughtLife,
  type Certificate,
  type Life,
  lifeLeft,
  ownLife,
  renewsAbout,
  type ServedCertificate,
} from "../../domain/certificates";
import { formatSpan, formatTime, type UnixSeconds } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Copyable } from "../../ui/Copyable";
import { Chip, IconButton } from "../../ui/controls";
import { Empty } from "../../ui/feedback";
import { FindBox } from "../../ui/Narrowing";
import { PageHead } from "../../ui/PageHead";
import { PROXY_TABS } from "../../ui/places";
import { Link } from "../../ui/router";
import { Sure } from "../../ui/Sure";
import { useMayWrite } from "../../ui/session";
import { ACTIONS, Table } from "../../ui/Table";
import { Tabs } from "../../ui/Tabs";
import { TimeLeft } from "../../ui/TimeLeft";
import { toast } from "../../ui/toasts";
import { useNow } from "../../ui/useNow";
import { Roots } from "./Roots";
import "./certificates.css";

const TONES: Readonly<Record<Life, "good" | "warning" | "bad">> = {
  good: "good",
  soon: "warning",
  over: "bad",
  "not yet": "bad",
};

/** When it is made anew, in words. */
function renewalWords(one: Certificate, now: UnixSeconds): string {
  if (one.renewing) return "being made anew";
  const due = renewsAbout(one);
  if (due === null) return "not known";
  return due > now ? `in about ${formatSpan(due - now)}` : "due";
}

const renewed = (pod: string, { sharedWith }: { readonly sharedWith: readonly string[] }) =>
  sharedWith.length === 0
    ? `${pod} gets a new key and certificate.`
    : `${pod} and ${sharedWith.join(", ")} get a new key and certificate.`;

function Renew({ one }: { readonly one: Certificate }) {
  const renewal = useRenewal();
  return (
    <Sure
      ask={(open) => (
        <IconButton
          disabled={one.renewing || one.serial === ""}
          icon="restart"
          label={`Make the certificate of ${one.pod} anew`}
          onClick={open}
        />
      )}
      busy={renewal.isPending}
      keep="Keep"
      onSure={(close) =>
        renewal.mutate(one.proxy, {
          onSuccess: (answer) => toast("good", renewed(one.pod, answer)),
          onError: (error) => toast("bad", error.message),
          onSettled: close,
        })
      }
      testId="confirm-renewal"
      tone="primary"
      verb="Make anew"
    />
  );
}

function Valid({
  from,
  until,
}: {
  readonly from: UnixSeconds | null;
  readonly until: UnixSeconds;
}) {
  return (
    <div className="small lines">
      {from !== null && <span>{formatTime(from)}</span>}
      <span>to {formatTime(until)}</span>
    </div>
  );
}

function OwnLine({ one, editable }: { readonly one: Certificate; readonly editable: boolean }) {
  const now = useNow(5000);
  return (
    <tr data-testid={`certificate-${one.pod}`}>
      <td data-label="Workload">
        <Link href={`/proxies/${encodeURIComponent(one.proxy)}`}>{one.pod}</Link>
        <p className="muted small">{one.namespace}</p>
      </td>
      <td data-label="Identity">
        {one.identity === "" ? (
          <span className="muted">its agent has told of none yet</span>
        ) : (
          <span title={one.identity}>{accountOf(one.identity)}</span>
        )}
      </td>
      <td data-label="Serial">
        {one.serial !== "" && (
          <Copyable shown={`${one.serial.slice(0, 12)}…`} text={one.serial} what="serial" />
        )}
      </td>
      <td data-label="Valid">
        <Valid from={one.issuedAt} until={one.expiresAt} />
      </td>
      <td data-label="Left">
        <TimeLeft
          left={lifeLeft(one.issuedAt ?? now, one.expiresAt, now)}
          tone={TONES[ownLife(one, now)]}
          until={one.expiresAt}
        />
      </td>
      <td className="nowrap" data-label="Made anew">
        {renewalWords(one, now)}
      </td>
      {editable && (
        <td className="number">
          <Renew one={one} />
        </td>
      )}
    </tr>
  );
}

function matches(one: Certificate, words: string): boolean {
  const lower = words.toLowerCase();
  return [one.pod, one.namespace, one.workload, one.identity, one.serial].some((text) =>
    text.toLowerCase().includes(lower),
  );
}

const OWN_HEADS = ["Workload", "Identity", "Serial", "Valid", "Left", "Made anew"];

function OwnList({ certificates }: { readonly certificates: readonly Certificate[] }) {
  const editable = useMayWrite();
  const [words, setWords] = useState("");
  const found = certificates.filter((one) => matches(one, words));
  return (
    <>
      <div className="row" data-spread="" data-wrap="">
        <h2>Workloads</h2>
        <FindBox
          label="Find by pod, namespace, identity or serial"
          onWords={setWords}
          placeholder="Pod, namespace, identity, serial"
        />
      </div>
      <Table heads={editable ? [...OWN_HEADS, ACTIONS] : OWN_HEADS} testId="certificates">
        {found.map((one) => (
          <OwnLine editable={editable} key={one.proxy} one={one} />
        ))}
      </Table>
      {found.length === 0 && <p className="muted">No certificate matches “{words}”.</p>}
    </>
  );
}

const NONE_SHOWN = (
  <Empty icon="shield" title="No proxy has shown a certificate yet">
    <p>
      Agents make keys and have them signed when pods start. See them under{" "}
      <Link href="/workloads">Workloads</Link>.
    </p>
  </Empty>
);

function Own() {
  return (
    <Answered query={useCertificates()} what="certificates">
      {(all) => (all.length === 0 ? NONE_SHOWN : <OwnList certificates={all} />)}
    </Answered>
  );
}

const WARNINGS: Readonly<Record<Life, string>> = {
  good: "",
  soon: "Apply its Secret with a new certificate before it ends.",
  over: "It has expired: clients turn away. Apply its Secret with a new certificate.",
  "not yet": "It is not valid yet: clients turn away.",
};

function ServedLine({ one }: { readonly one: ServedCertificate }) {
  const now = useNow(5000);
  const life = broughtLife(one, now);
  return (
    <tr data-life={life} data-testid={`served-${one.namespace}-${one.name}`}>
      <td data-label="Secret">
        <Link
          href={`/config?${new URLSearchParams({ resource: `Secret ${one.namespace}/${one.name}` })}`}
        >
          {one.name}
        </Link>{" "}
        {one.authority && <Chip title="Others' certificates are checked with it">authority</Chip>}
        <p className="muted small">{one.namespace}</p>
      </td>
      <td data-label="For">
        {one.sans.length === 0 ? one.subject : one.sans.join(", ")}
        <p className="muted small">by {one.issuer}</p>
      </td>
      <td data-label="Served by">
        {one.gateways.length === 0 ? (
          <span className="muted">no Gateway names it</span>
        ) : (
          one.gateways.map((resource) => (
            <div key={resource}>
              <Link href={`/config?${new URLSearchParams({ resource })}`}>{resource}</Link>
            </div>
          ))
        )}
      </td>
      <td data-label="Valid">
        <Valid from={one.notBefore} until={one.notAfter} />
      </td>
      <td data-label="Left">
        <TimeLeft
          left={lifeLeft(one.notBefore, one.notAfter, now)}
          tone={TONES[life]}
          until={one.notAfter}
        />
        {life !== "good" && <p className="small certificate-warning">{WARNINGS[life]}</p>}
      </td>
    </tr>
  );
}

const NONE_SERVED = (
  <p className="muted">
    No Secret with a certificate is in force. Apply one of type <code>kubernetes.io/tls</code> in
    the gateway's namespace, and name it in a Gateway's <code>tls.credentialName</code>.
  </p>
);

function Served() {
  return (
    <Answered query={useGatewayCertificates()} what="the gateways' certificates">
      {(served) =>
        served.length === 0 ? (
          NONE_SERVED
        ) : (
          <Table
            heads={["Secret", "For", "Served by", "Valid", "Left"]}
            testId="served-certificates"
          >
            {served.map((one) => (
              <ServedLine key={`${one.namespace}/${one.name} ${one.serial}`} one={one} />
            ))}
          </Table>
        )
      }
    </Answered>
  );
}

export function CertificatesPage() {
  return (
    <>
      <PageHead title="Certificates">
        <Tabs label="Proxies" tabs={PROXY_TABS} />
      </PageHead>
      <div className="page-body stack">
        <Roots />
        <h2>Gateways</h2>
        <Served />
        <Own />
      </div>
    </>
  );
}
