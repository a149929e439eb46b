import type { JSX, ReactNode, Ref } from "react";

interface Props {
  /** What it does now: its name for screen readers, and its tooltip. */
  label: string;
  /** The key that does the same. */
  shortcut?: string | undefined;
  onClick: () => void;
  children: ReactNode;
  /** Looks: switched off, at work, one that ends something. */
  look?: "plain" | "off" | "active" | "danger";
  /** For buttons that open something. */
  expanded?: boolean;
  /** Why it does nothing at present. It keeps its place and the focus, and says so to whoever comes to it. */
  unavailable?: string | false | undefined;
  /** A small number at its corner. */
  count?: number;
  /** An exclamation mark instead: something is wrong with it. */
  wrong?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A round button with a drawing on it. */
export function RoundButton({ label, shortcut, onClick, children, look = "plain", expanded, unavailable, count = 0, wrong = false, ref }: Props): JSX.Element {
  return (
    <button
      ref={ref}
      type="button"
      className={`round ${look}`}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      aria-expanded={expanded}
      aria-disabled={unavailable ? true : undefined}
      aria-description={unavailable || undefined}
      data-tip={unavailable ? `${label}: ${unavailable}` : shortcut ? `${label} (${shortcut})` : label}
      onClick={unavailable ? undefined : onClick}
    >
      {children}
      {wrong && <span className="count" aria-hidden="true">!</span>}
      {count > 0 && <span className="count" aria-hidden="true">{count > 99 ? "99+" : count}</span>}
    </button>
  );
}
