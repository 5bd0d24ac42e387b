// Labels of a series, an alert or a target.

export function Labels({
  labels,
  without = "",
}: {
  readonly labels: Readonly<Record<string, string>>;
  readonly without?: string;
}) {
  return (
    <span className="labels">
      {Object.entries(labels)
        .filter(([key]) => key !== without)
        .map(([key, value]) => (
          <code key={key}>
            {key}="{value}"
          </code>
        ))}
    </span>
  );
}
