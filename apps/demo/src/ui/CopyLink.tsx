import { useEffect, useState, type JSX } from "react";
import { linkTo } from "../room/names.js";
import { CheckIcon, LinkIcon } from "./icons.js";

interface Props {
  room: string;
  className?: string;
  label?: string;
  /** Says that the browser does not let it, for a button whose own label is not always seen. */
  onRefused?: () => void;
}

/** Copies the room's link, or says to copy the address, which leads there as well, where the browser does not let it. */
export function CopyLink({ room, className = "", label = "Copy link", onRefused }: Props): JSX.Element {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2_500);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = (): void => {
    const done = navigator.clipboard?.writeText(linkTo(room)) ?? Promise.reject(new Error("no clipboard"));
    done.then(() => setState("copied"), onRefused ?? (() => setState("refused")));
  };
  const text = { idle: label, copied: "Copied", refused: "Copy the address above" }[state];
  return (
    <button type="button" className={`button ${className}`} onClick={copy}>
      {state === "copied" ? <CheckIcon /> : <LinkIcon />}
      <span className="label" aria-live="polite">{text}</span>
    </button>
  );
}
