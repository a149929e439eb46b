import { useRef, type CSSProperties, type JSX, type ReactNode } from "react";
import { useSize } from "../hooks/useSize.js";
import type { Member } from "../room/state.js";
import { layout } from "./grid.js";
import { Tile } from "./Tile.js";

/** Between tiles, px; the style sheet has the same. */
const GAP = 8;

interface Props {
  members: readonly Member[];
  /** What one gives. */
  own: { picture: MediaStreamTrack | undefined; sound: MediaStreamTrack | undefined };
  /** Whether something lies over it: then nobody gets behind that by keyboard either. */
  covered: boolean;
  /** Whether keys work. */
  keys: boolean;
  speaker: string;
  onBlocked: () => void;
  /** Stands among the tiles: whatever there is to say while nobody else is there. */
  card?: ReactNode;
}

/** Everybody, as large as the space allows; who shows a screen gets most of it. */
export function Grid({ members, own, covered, keys, speaker, onBlocked, card }: Props): JSX.Element {
  const space = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(space);
  const shown = members.find((member) => member.screen && !member.self && member.stream);
  const beside = members.length + (card ? 1 : 0) - (shown ? 1 : 0);
  const grid = layout(beside, width, height, GAP);
  const style = {
    "--tile-width": `${grid.tileWidth}px`,
    "--tile-height": `${grid.tileHeight}px`,
    "--grid-width": `${grid.columns * (grid.tileWidth + GAP) - GAP}px`,
    "--beside": beside,
  } as CSSProperties;
  // The list stays one, and in order, whoever is shown large: a picture that moves to another place begins anew.
  return (
    <div ref={space} inert={covered} className={`space${grid.scrolls && !shown ? " scrolls" : ""}`}>
      <ul
        className={shown ? "staged" : "grid"} style={style} aria-label="People in the call"
        tabIndex={grid.scrolls || shown ? 0 : undefined}
      >
        {members.map((member) => (
          <Tile
            key={member.self ? "self" : member.id} member={member} large={member === shown} fullKey={keys ? "f" : undefined} own={member.self ? own : undefined}
            speaker={speaker} onBlocked={onBlocked}
          />
        ))}
        {card && <li className="tile card">{card}</li>}
      </ul>
    </div>
  );
}
