// Workloads and their pods.
import { useEffect, useState } from "react";
import { useDeletePod, usePods, useWorkloads } from "../../api/queries";
import type { PodRow, WorkloadRow } from "../../domain/mesh";
import { formatAge } from "../../domain/units";
import { Button, Chip, IconButton } from "../../ui/controls";
import { Empty, Loading, Problem } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link } from "../../ui/router";
import { useMayWrite } from "../../ui/session";
import { toast } from "../../ui/toasts";
import { useNow } from "../../ui/useNow";

const nodeId = (one: WorkloadRow): string =>
  `${one.gateway ? "gateway" : "workload"}:${one.namespace}/${one.name}`;

function WorkloadLine({ workload }: { readonly workload: WorkloadRow }) {
  const short = workload.podsReady < workload.replicas;
  return (
    <tr>
      <td data-label="Workload">
        <Link href={`/?select=${encodeURIComponent(nodeId(workload))}`}>{workload.name}</Link>{" "}
        {workload.version !== "" && <Chip>{workload.version}</Chip>}
        {workload.message !== "" && <p className="muted small">{workload.message}</p>}
      </td>
      <td data-label="Namespace">{workload.namespace}</td>
      <td data-label="Pods">
        <Chip tone={short ? "bad" : "good"}>
          {workload.podsReady}/{workload.replicas} ready
        </Chip>
      </td>
      <td className="number" data-label="Restarts">
        {workload.restarts}
      </td>
      <td data-label="mTLS">
        {workload.mtls !== "" && <Chip tone="secure">{workload.mtls}</Chip>}
      </td>
      <td className="muted mono" data-label="Account">
        {workload.serviceAccount}
      </td>
    </tr>
  );
}

function DeletePod({ pod }: { readonly pod: PodRow }) {
  const [sure, setSure] = useState(false);
  const remove = useDeletePod();
  if (!sure) {
    return (
      <IconButton
        disabled={pod.phase === "Terminating"}
        icon="trash"
        label={`Delete pod ${pod.name}`}
        onClick={() => setSure(true)}
      />
    );
  }
  return (
    <span className="row">
      <Button
        busy={remove.isPending}
        onClick={() =>
          remove.mutate(pod, {
            onSuccess: () => toast("good", `${pod.name} is going; its workload makes a new one.`),
            onError: (error) => toast("bad", error.message),
            onSettled: () => setSure(false),
          })
        }
        tone="danger"
      >
        Delete
      </Button>
      <Button onClick={() => setSure(false)} tone="quiet">
        Keep
      </Button>
    </span>
  );
}

function PodLine({ pod, editable }: { readonly pod: PodRow; readonly editable: boolean }) {
  const now = useNow(5000);
  return (
    <tr>
      <td data-label="Pod">
        <span className="mono">{pod.name}</span>
        {pod.message !== "" && <p className="muted small">{pod.message}</p>}
      </td>
      <td data-label="Namespace">{pod.namespace}</td>
      <td data-label="Phase">
        <Chip tone={pod.ready ? "good" : pod.phase === "Failed" ? "bad" : "warning"}>
          {pod.ready ? "Ready" : pod.phase}
        </Chip>
      </td>
      <td className="number" data-label="Restarts">
        {pod.restarts}
      </td>
      <td className="number" data-label="Proxy restarts">
        {pod.proxyRestarts}
      </td>
      <td className="mono muted" data-label="Address">
        {pod.address}
      </td>
      <td className="muted" data-label="Started">
        {pod.startedAt === null ? "" : formatAge(pod.startedAt, now)}
      </td>
      <td className="number">{editable && <DeletePod pod={pod} />}</td>
    </tr>
  );
}

function Workloads() {
  const query = useWorkloads();
  if (query.error !== null) return <Problem error={query.error} />;
  if (query.data === undefined) return <Loading what="workloads" />;
  if (query.data.length === 0) {
    return (
      <Empty icon="workloads" title="No workloads">
        <p>
          Apply a Deployment on the <Link href="/config">configuration page</Link>.
        </p>
      </Empty>
    );
  }
  return (
    <div className="table-frame">
      <table className="table" data-stack="">
        <thead>
          <tr>
            <th>Workload</th>
            <th>Namespace</th>
            <th>Pods</th>
            <th className="number">Restarts</th>
            <th>mTLS</th>
            <th>Service account</th>
          </tr>
        </thead>
        <tbody>
          {query.data.map((workload) => (
            <WorkloadLine key={`${workload.namespace}/${workload.name}`} workload={workload} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Pods() {
  const query = usePods(null);
  const editable = useMayWrite();
  if (query.error !== null) return <Problem error={query.error} />;
  if (query.data === undefined) return <Loading what="pods" />;
  return (
    <div className="table-frame">
      <table className="table" data-stack="">
        <thead>
          <tr>
            <th>Pod</th>
            <th>Namespace</th>
            <th>Phase</th>
            <th className="number">Restarts</th>
            <th className="number">Proxy restarts</th>
            <th>Address</th>
            <th>Started</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {query.data.map((pod) => (
            <PodLine editable={editable} key={`${pod.namespace}/${pod.name}`} pod={pod} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function WorkloadsPage() {
  useEffect(() => {
    document.title = "Workloads · Meshweb";
  }, []);
  return (
    <>
      <PageHead title="Workloads" />
      <div className="page-body stack">
        <Workloads />
        <h2>Pods</h2>
        <Pods />
      </div>
    </>
  );
}
