/** Steps that can be told apart. */
const hues = 12;

/** Everybody has a colour, in degrees: the same in each tab, since it comes from the `user` (by FNV-1a). */
export const hueOf = (user: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < user.length; at += 1) {
    hash = Math.imul(hash ^ user.charCodeAt(at), 0x01000193);
  }
  return ((hash >>> 0) % hues) * (360 / hues);
};
