import type { JSX } from "react";
import type { Member } from "../room/state.js";
import { Avatar } from "../ui/Avatar.js";
import { CopyLink } from "../ui/CopyLink.js";
import { CameraIcon, CameraOffIcon, MicIcon, MicOffIcon, ScreenIcon } from "../ui/icons.js";

/** Who is there, who holds the room, and what of everybody is on. */
export function Members({ members, room }: { members: readonly Member[]; room: string }): JSX.Element {
  return (
    <>
      <ul className="members" tabIndex={0} aria-label="People in the call">
        {members.map((member) => (
          <li key={member.self ? "self" : member.id} title={member.id}>
            <Avatar name={member.name} />
            <span className="whole">
              <span className="name">{member.name}</span>
              <span className="soft">{[member.self && "you", member.holder && "holds the room"].filter(Boolean).join(", ")}</span>
            </span>
            <span className="on">
              {member.screen && <><ScreenIcon /><span className="out">shows the screen, </span></>}
              <span className={member.mic ? "" : "is-off"}>{member.mic ? <MicIcon /> : <MicOffIcon />}</span>
              <span className="out">{member.mic ? "microphone on, " : "microphone off, "}</span>
              <span className={member.camera ? "" : "is-off"}>{member.camera ? <CameraIcon /> : <CameraOffIcon />}</span>
              <span className="out">{member.camera ? "camera on" : "camera off"}</span>
            </span>
          </li>
        ))}
      </ul>
      <div className="below">
        <p className="soft">Who holds the room lets newcomers in. If they leave, somebody else takes over.</p>
        <CopyLink room={room} label="Copy link to invite" />
      </div>
    </>
  );
}
