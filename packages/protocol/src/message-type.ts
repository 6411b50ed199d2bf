/** A type is 1 to 64 of `A-Z a-z 0-9 . _ : -`. */
export const messageTypePattern = /^[A-Za-z0-9._:-]{1,64}$/;

/** Put before the type of a client's message on its way to the backend. */
export const clientPrefix = 'client-';
