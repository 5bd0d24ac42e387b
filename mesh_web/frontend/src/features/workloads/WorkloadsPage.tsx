// Workloads and their pods.
import { useDeletePod, usePods, useWorkloads } from "../../api/queries";
import type { PodRow, WorkloadRow } from "../../domain/mesh";
import { formatAge } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Chip, IconButton } from "../../ui/controls";
import { Empty } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link } from "../../ui/router";
import { Sure } from "../../ui/Sure";
import { useMayWrite } from "../../ui/session";
import { ACTIONS, numbers, Table } from "../../ui/Table";
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
  const remove = useDeletePod();
  return (
    <Sure
      ask={(open) => (
        <IconButton
          disabled={pod.phase === "Terminating"}
          icon="trash"
          label={`Delete pod ${pod.name}`}
          onClick={open}
        />
      )}
      busy={remove.isPending}
      keep="Keep"
      onSure={(close) =>
        remove.mutate(pod, {
          onSuccess: () => toast("good", `${pod.name} is going; its workload makes a new one.`),
          onError: (error) => toast("bad", error.message),
          onSettled: close,
        })
      }
      verb="Delete"
    />
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
  return (
    <Answered query={useWorkloads()} what="workloads">
      {(workloads) =>
        workloads.length === 0 ? (
          <Empty icon="workloads" title="No workloads">
            <p>
              Apply a Deployment on the <Link href="/config">configuration page</Link>.
            </p>
          </Empty>
        ) : (
          <Table
            heads={[
              "Workload",
              "Namespace",
              "Pods",
              numbers("Restarts"),
              "mTLS",
              "Service account",
            ]}
          >
            {workloads.map((workload) => (
              <WorkloadLine key={`${workload.namespace}/${workload.name}`} workload={workload} />
            ))}
          </Table>
        )
      }
    </Answered>
  );
}

const POD_HEADS = [
  "Pod",
  "Namespace",
  "Phase",
  numbers("Restarts"),
  numbers("Proxy restarts"),
  "Address",
  "Started",
  ACTIONS,
];

function Pods() {
  const editable = useMayWrite();
  return (
    <Answered query={usePods(null)} what="pods">
      {(pods) => (
        <Table heads={POD_HEADS}>
          {pods.map((pod) => (
            <PodLine editable={editable} key={`${pod.namespace}/${pod.name}`} pod={pod} />
          ))}
        </Table>
      )}
    </Answered>
  );
}

export function WorkloadsPage() {
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
