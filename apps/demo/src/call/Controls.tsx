import type { JSX, Ref } from "react";
import type { Call } from "../hooks/useCall.js";
import type { Devices, DevicesState } from "../media/devices.js";
import {
  CameraIcon, CameraOffIcon, ChatIcon, LeaveIcon, MicIcon, MicOffIcon, PeopleIcon, ScreenIcon, ScreenOffIcon,
} from "../ui/icons.js";
import { RoundButton } from "../ui/RoundButton.js";

export type PanelName = "chat" | "people" | "settings";

interface Props {
  devices: Devices;
  state: DevicesState;
  call: Call;
  /** Whether keys work: then the tooltips name them. */
  keys: boolean;
  panel: PanelName | undefined;
  onPanel: (panel: PanelName) => void;
  unread: number;
  people: number;
  /** Whether there are others to share with, write to and list: one is in the room. */
  there: boolean;
  onLeave: () => void;
  chatButton: Ref<HTMLButtonElement>;
  peopleButton: Ref<HTMLButtonElement>;
}

/** The buttons of a call. */
export function Controls({ devices, state, call, keys, panel, onPanel, unread, people, there, onLeave, chatButton, peopleButton }: Props): JSX.Element {
  const heard = state.microphone.standing === "on";
  const seen = state.camera.standing === "on";
  const key = (letter: string): string | undefined => (keys ? letter : undefined);
  // What is under way can always be ended.
  const unless = (underWay: boolean): string | false => !there && !underWay && "once you are connected";
  const wrong = (standing: string): boolean => !["on", "off", "idle", "asking"].includes(standing);
  return (
    <footer className="controls">
      <RoundButton
        label={heard ? "Mute" : "Unmute"} shortcut={key("m")} look={heard ? "plain" : "off"}
        wrong={wrong(state.microphone.standing)} onClick={() => void devices.toggle("microphone")}
      >
        {heard ? <MicIcon /> : <MicOffIcon />}
      </RoundButton>
      <RoundButton
        label={seen ? "Camera off" : "Camera on"} shortcut={key("v")} look={seen ? "plain" : "off"}
        wrong={wrong(state.camera.standing)} onClick={() => void devices.toggle("camera")}
      >
        {seen ? <CameraIcon /> : <CameraOffIcon />}
      </RoundButton>
      {call.canShare && (
        <RoundButton
          label={call.sharing ? "Stop sharing" : "Share screen"} shortcut={key("s")} look={call.sharing ? "active" : "plain"}
          unavailable={unless(call.sharing)} onClick={call.toggleShare}
        >
          {call.sharing ? <ScreenOffIcon /> : <ScreenIcon />}
        </RoundButton>
      )}
      <RoundButton
        ref={chatButton} label={unread > 0 ? `Chat, ${unread} unread` : "Chat"} shortcut={key("c")} look={panel === "chat" ? "active" : "plain"}
        expanded={panel === "chat"} count={unread} unavailable={unless(panel === "chat")} onClick={() => onPanel("chat")}
      >
        <ChatIcon />
      </RoundButton>
      <RoundButton
        ref={peopleButton} label={`People, ${people}`} shortcut={key("p")} look={panel === "people" ? "active" : "plain"}
        expanded={panel === "people"} unavailable={unless(panel === "people")} onClick={() => onPanel("people")}
      >
        <PeopleIcon />
      </RoundButton>
      <RoundButton label="Leave" look="danger" onClick={onLeave}>
        <LeaveIcon />
      </RoundButton>
    </footer>
  );
}
