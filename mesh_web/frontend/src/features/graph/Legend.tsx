// What shapes and colours mean.
import type { Health } from "../../domain/graph";
import { HealthMark, healthWord } from "../../ui/HealthMark";
import { Icon, type IconName } from "../../ui/Icon";

const HEALTHS: readonly Health[] = ["healthy", "degraded", "failing", "idle"];
const KINDS: readonly { readonly icon: IconName; readonly word: string }[] = [
  { icon: "workloads", word: "Workload" },
  { icon: "service", word: "Service" },
  { icon: "gateway", word: "Gateway" },
  { icon: "globe", word: "Outside the mesh" },
];

export function Legend() {
  return (
    <details className="legend">
      <summary>Legend</summary>
      <ul>
        {HEALTHS.map((health) => (
          <li key={health}>
            <HealthMark health={health} size={14} />
            {healthWord(health)}
          </li>
        ))}
        {KINDS.map(({ icon, word }) => (
          <li key={word}>
            <Icon name={icon} size={14} />
            {word}
          </li>
        ))}
        <li>
          <Icon name="lock" size={14} />
          Mutual TLS
        </li>
        <li>
          <Icon name="unlock" size={14} />
          Partly mutual TLS
        </li>
        <li>
          <i className="legend-dot" data-failed="" />
          Failed request
        </li>
      </ul>
    </details>
  );
}
