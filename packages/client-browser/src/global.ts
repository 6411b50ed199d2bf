/** What a page's `<script>` tag brings as `WSBroker`. */
export { ClientError } from './client-error.ts';
export { createClient } from './create-client.ts';
