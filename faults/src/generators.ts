import { sendBadly } from './generators/bad-messages.ts';
import { stayDeaf } from './generators/deaf.ts';
import { flood } from './generators/flood.ts';
import { openHalf } from './generators/half-open.ts';
import { knock } from './generators/knocks.ts';
import { pingUnread } from './generators/pings.ts';
import { dripPosts, postWithoutEnd } from './generators/posts.ts';
import { comeAndGo, stay } from './generators/visitors.ts';

/** Every kind of load. */
export const generators = {
  comeAndGo,
  dripPosts,
  flood,
  knock,
  openHalf,
  pingUnread,
  postWithoutEnd,
  sendBadly,
  stay,
  stayDeaf,
};

export type LoadKind = keyof typeof generators;
export type LoadParams<K extends LoadKind> = Parameters<(typeof generators)[K]>[0];
