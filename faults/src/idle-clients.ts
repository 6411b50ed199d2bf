/** Clients that do nothing, in a process of their own, so that all of them can be stopped at once. */
import { WebSocket } from 'ws';

const [url = '', count = ''] = process.argv.slice(2);
let open = 0;
for (let n = 0; n < Number(count); n += 1) {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined);
  socket.once('open', () => {
    open += 1;
    if (open === Number(count)) process.stdout.write('all open\n');
  });
}
