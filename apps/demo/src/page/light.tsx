/** `good`, `waiting` for something, `away`, or not known. Told by shape as well as by colour. */
export type LightState = 'good' | 'waiting' | 'away' | 'unknown';

export const Light = ({ state }: { readonly state: LightState }) => (
  <span className="light" data-state={state} aria-hidden="true" />
);
