import { useEffect, useRef, type JSX } from "react";
import { watchLevel } from "../media/level.js";

/** A bar that moves with the voice: "is this the right microphone?" */
export function LevelMeter({ track }: { track: MediaStreamTrack }): JSX.Element {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => watchLevel(track, (level) => bar.current?.style.setProperty("--level", level.toFixed(2))), [track]);
  return <span ref={bar} className="level" aria-hidden="true" />;
}
