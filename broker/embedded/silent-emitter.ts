type Done = () => void;

/**
 * Takes the place of aedes's router, by which a packet of one client reaches another, and aedes its own `$SYS` topics.
 * This one routes nothing: terminals never speak to each other, and the bus writes to each terminal directly.
 */
export function createSilentEmitter() {
  return {
    on: (_topic: string, _listener: unknown, done?: Done) => done?.(),
    removeListener: (_topic: string, _listener: unknown, done?: Done) => done?.(),
    emit: (_packet: unknown, done?: Done) => done?.(),
    close: (done?: Done) => done?.(),
  };
}
