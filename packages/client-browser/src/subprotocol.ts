/**
 * The subprotocol that the client asks for.
 *
 * The same text as in `@wsbroker/protocol`, which a browser bundle must not import: a test holds the two equal.
 */
export const subprotocol = 'wsbroker.v1';
