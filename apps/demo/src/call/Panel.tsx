import { useEffect, useRef, type JSX, type ReactNode } from "react";
import { CloseIcon } from "../ui/icons.js";
import { RoundButton } from "../ui/RoundButton.js";

/** What stands beside the call, or over it where there is little room. Takes the focus when it opens. */
export function Panel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }): JSX.Element {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const first = panel.current?.querySelector<HTMLElement>("[data-first]") ?? panel.current?.querySelector<HTMLElement>("h2");
    first?.focus();
  }, []);
  return (
    <aside ref={panel} className="panel" aria-label={title}>
      <div className="head">
        <h2 tabIndex={-1}>{title}</h2>
        <RoundButton label={`Close ${title.toLowerCase()}`} onClick={onClose}><CloseIcon /></RoundButton>
      </div>
      {children}
    </aside>
  );
}
