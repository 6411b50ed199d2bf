import { formValue } from './form.ts';

/** A JSON text that is sent again and again: made into the value of a form once, when that is first asked for. */
export class JsonText {
  readonly json: string;
  #form: string | undefined;

  constructor(json: string) {
    this.json = json;
  }

  /** As the value of a field of a form. */
  get form(): string {
    this.#form ??= formValue(this.json);
    return this.#form;
  }
}
