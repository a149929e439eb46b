import { useRef, type CSSProperties, type JSX, type ReactNode } from "react";
import { useSize } from "../hooks/useSize.js";
import type { Member } from "../room/state.js";
import { layout } from "./grid.js";
import { Tile } from "./Tile.js";

/** Between tiles, px; the style sheet has the same. */
const GAP = 8;

interface Props {
  members: readonly Member[];
  picture: MediaStreamTrack | undefined;
  speaker: string;
  onBlocked: () => void;
  /** Stands among the tiles: whatever there is to say while nobody else is there. */
  card?: ReactNode;
}

/** Everybody, as large as the space allows; who shows a screen gets most of it. */
export function Grid({ members, picture, speaker, onBlocked, card }: Props): JSX.Element {
  const space = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(space);
  const shown = members.find((member) => member.screen && !member.self && member.stream);
  const others = shown ? members.filter((member) => member !== shown) : members;
  const grid = layout(others.length + (card ? 1 : 0), width, height, GAP);
  const style = {
    "--tile-width": `${grid.tileWidth}px`,
    "--tile-height": `${grid.tileHeight}px`,
    "--grid-width": `${grid.columns * (grid.tileWidth + GAP) - GAP}px`,
  } as CSSProperties;
  const tile = (member: Member): JSX.Element => (
    <Tile
      key={member.self ? "self" : member.id} member={member} picture={member.self ? picture : undefined}
      speaker={speaker} onBlocked={onBlocked}
    />
  );
  return (
    <div ref={space} className={`space${shown ? " staged" : ""}${grid.scrolls ? " scrolls" : ""}`}>
      {shown && <ul className="stage" aria-label="Shared screen">{tile(shown)}</ul>}
      <ul className="grid" style={style} aria-label="People in the call" tabIndex={grid.scrolls || shown ? 0 : undefined}>
        {others.map(tile)}
        {card && <li className="tile card">{card}</li>}
      </ul>
    </div>
  );
}
