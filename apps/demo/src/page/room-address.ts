import { roomProblem, tidyRoom } from '../fields.ts';

/** Each room has an address, so that it can be linked to and the browser's back button works. */
export const addressOfRoom = (room: string): string => `#${encodeURIComponent(room)}`;

/** The room of the page's address; undefined where there is none, or what stands there is none. */
export const roomOfAddress = (hash: string = location.hash): string | undefined => {
  const room = tidyRoom(decoded(hash.slice(1)));
  return roomProblem(room) === undefined ? room : undefined;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
};
