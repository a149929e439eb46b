import { memo, useMemo, type JSX } from "react";
import type { Member } from "../room/state.js";
import { Avatar } from "../ui/Avatar.js";
import { MicOffIcon, ScreenIcon } from "../ui/icons.js";
import { Video } from "../ui/Video.js";

interface Props {
  member: Member;
  /** What one gives oneself; for the own tile only. */
  picture?: MediaStreamTrack | undefined;
  speaker: string;
  onBlocked: () => void;
}

/** One person: the picture or the initials, the name, and whether they are heard. */
export const Tile = memo(function Tile({ member, picture, speaker, onBlocked }: Props): JSX.Element {
  const own = useMemo(() => (picture ? new MediaStream([picture]) : undefined), [picture]);
  const stream = member.self ? own : member.stream;
  const visible = stream !== undefined && (member.camera || member.screen);
  return (
    <li className={`tile${member.screen ? " screen" : ""}`}>
      <Avatar name={member.name} />
      <Video
        stream={stream} own={member.self} mirrored={member.self && !member.screen} visible={visible}
        speaker={speaker} onBlocked={onBlocked}
      />
      <div className="plate">
        {!member.mic && <><MicOffIcon /><span className="out">Microphone off:</span></>}
        {member.screen && <><ScreenIcon /><span className="out">Shows the screen:</span></>}
        <span className="name">{member.name}</span>
        {member.self && <span className="you">you</span>}
      </div>
    </li>
  );
});
