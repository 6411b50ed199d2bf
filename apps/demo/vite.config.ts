import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `vite` for work on the page: what is not the page comes from a demo that runs beside it on 8080. */
const server = 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: { target: 'baseline-widely-available' },
  server: { proxy: { '/control': server, '/config.json': server } },
});
