import type { CSSProperties, JSX } from "react";
import { hue, initials } from "../room/names.js";

/** Somebody's initials in a colour of their own, where there is no picture. */
export function Avatar({ name }: { name: string }): JSX.Element {
  return (
    <span className="avatar" style={{ "--hue": hue(name) } as CSSProperties} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
