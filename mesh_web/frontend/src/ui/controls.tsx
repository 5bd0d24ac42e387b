// Buttons, chips, switches: what people press and read.
import type { ButtonHTMLAttributes, KeyboardEvent, ReactNode } from "react";
import type { Tone } from "../domain/mesh";
import { Icon, type IconName } from "./Icon";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly tone?: "primary" | "danger" | "quiet";
  readonly icon?: IconName;
  readonly busy?: boolean;
};

export function Button({ tone, icon, busy = false, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      className="button"
      data-tone={tone}
      disabled={disabled === true || busy}
      type="button"
      {...rest}
    >
      {busy ? <Spinner /> : icon !== undefined && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly icon: IconName;
  readonly label: string;
};

export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button
      aria-label={label}
      className="button"
      data-square=""
      data-tone="quiet"
      title={label}
      type="button"
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

export function Chip({
  tone = "neutral",
  children,
  title,
}: {
  readonly tone?: Tone | "secure";
  readonly children: ReactNode;
  readonly title?: string;
}) {
  return (
    <span className="chip" data-tone={tone} title={title}>
      {children}
    </span>
  );
}

export const Spinner = () => <span aria-hidden="true" className="spinner" />;

interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

/** A choice of one among few; arrow keys move it. */
export function Segmented<T extends string>({
  label,
  options,
  value,
  onChange,
  disabled = false,
  testId,
}: {
  readonly label: string;
  readonly options: readonly Option<T>[];
  readonly value: T | null;
  readonly onChange: (value: T) => void;
  readonly disabled?: boolean;
  readonly testId?: string;
}) {
  const active = Math.max(
    0,
    options.findIndex((option) => option.value === value),
  );
  const move = (event: KeyboardEvent<HTMLElement>, from: number) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = (from + step + options.length) % options.length;
    const buttons = event.currentTarget.parentElement?.querySelectorAll("button");
    buttons?.[to]?.focus();
  };
  return (
    <div aria-label={label} className="segmented" data-testid={testId} role="radiogroup">
      {options.map((option, index) => (
        // biome-ignore lint/a11y/useSemanticElements: a radio group drawn as segments
        <button
          aria-checked={option.value === value}
          data-testid={testId === undefined ? undefined : `${testId}-${option.value}`}
          disabled={disabled}
          key={option.value}
          onClick={() => option.value !== value && onChange(option.value)}
          onKeyDown={(event) => move(event, index)}
          role="radio"
          tabIndex={index === active ? 0 : -1}
          type="button"
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

export function Switch({
  checked,
  onChange,
  children,
}: {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <label className="switch">
      <input
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
        type="checkbox"
      />
      {children}
    </label>
  );
}
