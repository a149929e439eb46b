// What somebody sees and hears of another: by frames that are decoded and sound that is not silence.

/** Waits until `name`'s tile shows pictures, and ever new ones. */
export async function sees(person, name) {
  await person.holds(`${name} is seen`, (wanted) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.querySelector(".name")?.textContent === wanted);
    const video = tile?.querySelector("video:not([hidden])");
    if (!video || video.videoWidth === 0) return false;
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    // New ones since this wait began.
    tile.seenBefore ??= { frames, video };
    if (tile.seenBefore.video !== video || frames < tile.seenBefore.frames + 3) return false;
    delete tile.seenBefore;
    return true;
  }, name);
}

/** Waits until `name`'s tile shows no picture. */
export const unseen = (person, name) =>
  person.holds(`${name} is not seen`, (wanted) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.querySelector(".name")?.textContent === wanted);
    return tile && !tile.querySelector("video:not([hidden])");
  }, name);

/** Waits until `name` is heard, or with `silent` until they are not, and says so. The fake microphone beeps each second. */
export async function hears(person, name, silent = false) {
  await person.holds(`${name} is ${silent ? "silent" : "heard"}`, async (wanted, still) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.querySelector(".name")?.textContent === wanted);
    const video = tile?.querySelector("video");
    const stream = video?.srcObject;
    if (video?.muted || video?.paused || still !== tile?.textContent.includes("Microphone off:") || !stream?.getAudioTracks()[0]) return false;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loud = false;
    // Longer than from beep to beep.
    for (const end = performance.now() + 1500; performance.now() < end && !(loud && !still); ) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      analyser.getFloatTimeDomainData(samples);
      loud ||= samples.some((sample) => Math.abs(sample) > 0.01);
    }
    await context.close();
    return loud !== still;
  }, name, silent);
}
