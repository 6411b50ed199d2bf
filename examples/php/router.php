<?php
/** For `php -S`: the client's file lies outside this folder; everything else is served as it is. */
declare(strict_types=1);

if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/wsbroker.global.js') {
    return false;
}

$file = __DIR__ . '/../../packages/client-browser/dist/wsbroker.global.js';
if (!is_file($file)) {
    http_response_code(404);
    exit("The client is not built yet: run `npm test` or `pnpm build` in the repository.\n");
}
header('Content-Type: text/javascript; charset=utf-8');
readfile($file);
