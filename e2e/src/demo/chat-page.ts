import type { Browser, BrowserContextOptions, Locator, Page, WebSocket } from 'playwright-core';

/** The chat in one tab of a browser of its own, driven as a person would. */
export class ChatPage implements AsyncDisposable {
  readonly page: Page;
  /** Every socket that the page has opened. */
  readonly sockets: WebSocket[] = [];
  /** What went wrong in the page. */
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(60_000);
    page.on('websocket', (socket) => this.sockets.push(socket));
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Write to/ });
  }

  async enter(name: string, room?: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    if (room !== undefined) await this.page.getByLabel('Room').fill(room);
    await this.page.getByRole('button', { name: 'Enter' }).click();
    await this.composer.waitFor();
    await this.person(name).waitFor();
  }

  async say(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await this.composer.fill(text);
      await this.composer.press('Enter');
    }
  }

  /** Every line on the page, from the first to the last. */
  lines(): Promise<string[]> {
    return this.page.locator('.bubble').allInnerTexts();
  }

  /** Lines of one's own that the backend has not confirmed. */
  get unconfirmed(): Locator {
    return this.page.locator('[data-state]:not([data-state="delivered"]):has(> .bubble)');
  }

  /** Resolves once so many lines are there, and everything that was said here is confirmed. */
  async settled(count: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        document.querySelectorAll('.bubble').length >= wanted &&
        document.querySelector('li[data-state]:not([data-state="delivered"]) > .bubble') === null,
      count,
      { timeout: 60_000 },
    );
  }

  /** How far each of one's own lines has come. */
  ticks(): Promise<(string | null)[]> {
    return this.page
      .locator('.group li[data-state]')
      .evaluateAll((lines) => lines.map((line) => line.getAttribute('data-state')));
  }

  /** From now on remembers every list of people that is shown. */
  async watchPeople(): Promise<void> {
    await this.page.evaluate(() => {
      const list = document.querySelector('.people');
      if (list === null) throw new Error('There is no list of people.');
      const names = (): string[] => [...list.querySelectorAll('.name')].map((name) => name.textContent);
      const seen = [names()];
      Object.assign(window, { peopleSeen: seen });
      new MutationObserver(() => {
        if (names().join() !== seen.at(-1)?.join()) seen.push(names());
      }).observe(list, { childList: true, subtree: true, characterData: true });
    });
  }

  peopleSeen(): Promise<string[][]> {
    return this.page.evaluate(() => (window as unknown as { peopleSeen: string[][] }).peopleSeen);
  }

  person(name: string): Locator {
    return this.page.locator('.people li', { hasText: name });
  }

  people(): Promise<string[]> {
    return this.page.locator('.people .name').allInnerTexts();
  }

  roomLink(room: string): Locator {
    return this.page.locator('.rooms a', { has: this.page.locator('.name', { hasText: room }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

/** A page in a context of its own: nothing is shared, as between two machines. */
export const openChat = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ChatPage> => {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const chat = new ChatPage(await context.newPage());
  await chat.page.goto(url);
  return chat;
};
