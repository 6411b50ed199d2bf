/** The version of the words on the wire. A test pins it to a hash of every schema. */
export const protocolVersion = 1;
