/** Calls back in a task of its own, after those that are due already. (Timers of hidden pages wait for a second.) */
export function soon(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(0);
}
