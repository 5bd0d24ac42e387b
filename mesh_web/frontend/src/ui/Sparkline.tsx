// A small line of recent values.

const WIDTH = 200;

/** Where the values stop the line breaks; the last value has a dot. */
export function Sparkline({
  values,
  label,
  height = 36,
  tone = "accent",
}: {
  readonly values: readonly (number | null)[];
  readonly label: string;
  readonly height?: number;
  readonly tone?: "accent" | "failing" | "degraded" | "secure";
}) {
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 0.000_001) * 1.15;
  const x = (i: number) => (values.length < 2 ? WIDTH : (i / (values.length - 1)) * WIDTH);
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  let line = "";
  let open = false;
  values.forEach((value, i) => {
    if (value !== null) line += `${open ? "L" : "M"}${x(i).toFixed(1)},${y(value).toFixed(1)}`;
    open = value !== null;
  });
  const last = values.at(-1);
  const first = values.findIndex((value) => value !== null);
  const whole = first !== -1 && values.slice(first).every((value) => value !== null);
  return (
    <svg
      aria-label={label}
      className="sparkline"
      height={height}
      preserveAspectRatio="none"
      role="img"
      viewBox={`0 0 ${WIDTH} ${height}`}
    >
      <title>{label}</title>
      {whole && known.length > 1 && (
        <path
          d={`${line}L${WIDTH},${height}L${x(first)},${height}Z`}
          fill={`var(--${tone})`}
          opacity="0.13"
        />
      )}
      <path
        d={line}
        fill="none"
        stroke={`var(--${tone})`}
        strokeLinejoin="round"
        strokeWidth="1.6"
        vectorEffect="non-scaling-stroke"
      />
      {typeof last === "number" && (
        <path
          d={`M${WIDTH},${y(last)}h0.001`}
          stroke={`var(--${tone})`}
          strokeLinecap="round"
          strokeWidth="5"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}
