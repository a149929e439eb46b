// A remote that is none of ours. It owns a room's name and takes every connection, or it dials somebody; it marks itself
// as ours if it is told to, and then says nothing, or what it is told to say. Its fragment:
// {url, id, dials: the id of whom it dials, if it does, mark, frames: [base64 …]}.

const { url, id, dials, mark, frames = [] } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const socket = new WebSocket(`${url.replace("http", "ws")}peerjs?key=peerjs&id=${id}&token=impostor`);
const connections = new Map();
globalThis.seen = { open: 0, offers: 0, answers: 0, channels: 0, said: 0, closed: 0 };

socket.onmessage = async ({ data }) => {
  const { type, src, payload } = JSON.parse(data);
  if (type === "OPEN") {
    globalThis.seen.open += 1;
    if (dials) await dial(dials);
  }
  if (type === "OFFER") await answer(src, payload);
  if (type === "ANSWER") {
    globalThis.seen.answers += 1;
    const connection = connections.get(payload.connectionId);
    connection.described = connection.setRemoteDescription(payload.sdp);
  }
  if (type === "CANDIDATE") {
    const connection = connections.get(payload.connectionId);
    await connection?.described;
    await connection?.addIceCandidate(payload.candidate).catch(() => {});
  }
};

/** A connection to `remote`; `say` tells it something about that by way of the server. */
function connect(remote, connectionId) {
  const connection = new RTCPeerConnection({ iceServers: [] });
  connections.set(connectionId, connection);
  const say = (type, payload) => socket.send(JSON.stringify({ type, dst: remote, payload: { ...payload, type: "data", connectionId, browser: "impostor" } }));
  connection.onicecandidate = ({ candidate }) => {
    if (candidate) say("CANDIDATE", { candidate });
  };
  connection.ondatachannel = ({ channel }) => speak(channel);
  if (mark) for (const n of [101, 102, 103]) speak(connection.createDataChannel(`lane ${n}`, { negotiated: true, id: n }));
  return { connection, say };
}

function speak(channel) {
  channel.onopen = () => {
    globalThis.seen.channels += 1;
    for (const frame of frames) {
      channel.send(Uint8Array.from(atob(frame), (letter) => letter.charCodeAt(0)));
      globalThis.seen.said += 1;
    }
  };
  channel.onclose = () => (globalThis.seen.closed += 1);
}

async function answer(src, { sdp, connectionId }) {
  globalThis.seen.offers += 1;
  const { connection, say } = connect(src, connectionId);
  await connection.setRemoteDescription(sdp);
  await connection.setLocalDescription();
  say("ANSWER", { sdp: connection.localDescription, ...(mark && { mesh: mark }) });
}

async function dial(remote) {
  const connectionId = "dc_impostor";
  const { connection, say } = connect(remote, connectionId);
  speak(connection.createDataChannel(connectionId));
  await connection.setLocalDescription();
  say("OFFER", { sdp: connection.localDescription, label: connectionId, reliable: true, serialization: "binary", ...(mark && { metadata: { mesh: mark } }) });
}
