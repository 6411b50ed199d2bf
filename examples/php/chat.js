// The page's side of the chat. `WSBroker` comes from wsbroker.global.js, the client for <script> tags.
const client = WSBroker.createClient({
  url: `//${location.hostname}:${document.body.dataset.brokerPort}/`,
});

const lines = document.querySelector('#lines');

/** Always as text, never as HTML: it was typed by somebody else. */
const show = (text, kind) => {
  const line = document.createElement('li');
  line.textContent = text;
  line.className = kind;
  lines.append(line);
  line.scrollIntoView();
};

const showSaid = ({ name, text }) => show(`${name}: ${text}`, 'said');

// Comes with each new connection. What the page shows may be out of date by then: it is fetched anew.
client.on('welcome', async ({ name }) => {
  show(`Welcome. You are ${name}.`, 'note');
  try {
    const history = await client.request({ type: 'history' });
    lines.replaceChildren();
    history.lines.forEach(showSaid);
    show(`Welcome. You are ${name}.`, 'note');
  } catch (error) {
    show(error.message, 'error');
  }
});
client.on('joined', ({ name }) => show(`${name} is here.`, 'note'));
client.on('renamed', ({ from, to }) => show(`${from} is now ${to}.`, 'note'));
client.on('left', ({ name }) => show(`${name} has left.`, 'note'));
client.on('said', showSaid);
client.on('refused', ({ text }) => show(text, 'error'));
client.on('broker-error', ({ text }) => show(text, 'error'));

client.subscribe(({ state }) => {
  document.querySelector('#status').textContent = state;
});

/** Sends a form's one field as a message of the form's name. */
const sendForm = (event) => {
  event.preventDefault();
  const form = event.target;
  try {
    client.send({ type: form.id, ...Object.fromEntries(new FormData(form)) });
    form.reset();
  } catch (error) {
    // While the connection is away messages wait, up to a limit.
    show(error.message, 'error');
  }
};
document.querySelector('#say').addEventListener('submit', sendForm);
document.querySelector('#name').addEventListener('submit', sendForm);
document.querySelector('#bye').addEventListener('click', () => client.send({ type: 'bye' }));
