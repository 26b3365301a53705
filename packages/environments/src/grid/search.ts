import { isDone, move, moves, snapshotRoom, type Room } from './room.ts';

/** Whether the goal can be reached from the room within that many moves. Breadth first; it keeps no path, so it gives away no plan. */
export function canReach(room: Room, within: number): boolean {
  if (isDone(room)) return true;
  const seen = new Set([snapshotRoom(room)]);
  let edge: readonly Room[] = [room];
  for (let depth = 0; depth < within && edge.length > 0; depth++) {
    const next: Room[] = [];
    for (const { state, done } of edge.flatMap((from) => moves.map((action) => move(from, action)))) {
      if (done) return true;
      const text = snapshotRoom(state);
      if (seen.has(text)) continue;
      seen.add(text);
      next.push(state);
    }
    edge = next;
  }
  return false;
}
