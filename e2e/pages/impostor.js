// A remote that is none of ours but owns a room's name: it takes every connection, marks itself as ours if it is told
// to, and then says nothing, or what it is told to say. Its fragment: {url, id, mark, frames: [base64 …]}.

const { url, id, mark, frames = [] } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const socket = new WebSocket(`${url.replace("http", "ws")}peerjs?key=peerjs&id=${id}&token=impostor`);
const connections = new Map();
globalThis.seen = { open: 0, offers: 0, channels: 0, said: 0, closed: 0 };

socket.onmessage = async ({ data }) => {
  const { type, src, payload } = JSON.parse(data);
  if (type === "OPEN") globalThis.seen.open += 1;
  if (type === "OFFER") await answer(src, payload);
  if (type === "CANDIDATE") await connections.get(payload.connectionId)?.addIceCandidate(payload.candidate).catch(() => {});
};

async function answer(src, { sdp, connectionId }) {
  globalThis.seen.offers += 1;
  const connection = new RTCPeerConnection({ iceServers: [] });
  connections.set(connectionId, connection);
  const say = (type, payload) => socket.send(JSON.stringify({ type, dst: src, payload }));
  connection.onicecandidate = ({ candidate }) => {
    if (candidate) say("CANDIDATE", { candidate, type: "data", connectionId });
  };
  const speak = (channel) => {
    channel.onopen = () => {
      globalThis.seen.channels += 1;
      for (const frame of frames) {
        channel.send(Uint8Array.from(atob(frame), (letter) => letter.charCodeAt(0)));
        globalThis.seen.said += 1;
      }
    };
    channel.onclose = () => (globalThis.seen.closed += 1);
  };
  connection.ondatachannel = ({ channel }) => speak(channel);
  if (mark) for (const n of [101, 102, 103]) speak(connection.createDataChannel(`lane ${n}`, { negotiated: true, id: n }));
  await connection.setRemoteDescription(sdp);
  await connection.setLocalDescription();
  say("ANSWER", { sdp: connection.localDescription, type: "data", connectionId, browser: "impostor", ...(mark && { mesh: mark }) });
}
