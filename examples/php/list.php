<?php
/** Who is here: asks the broker for its connections. In a browser, or with `php list.php`. */
declare(strict_types=1);

require __DIR__ . '/broker.php';

try {
    [$connections] = broker_commands([['type' => 'list', 'match' => ['room' => 'lobby'], 'fields' => ['name']]]);
    $lines = array_map(static fn (array $connection): string => (string) ($connection['name'] ?? ''), $connections);
} catch (RuntimeException $error) {
    http_response_code(502);
    $lines = [$error->getMessage()];
}

if (PHP_SAPI === 'cli') {
    echo implode("\n", $lines), "\n";
    exit(isset($error) ? 1 : 0);
}
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Who is here</title>
<link rel="stylesheet" href="chat.css">
<link rel="icon" href="data:,">
<h1>Who is here</h1>
<ul>
<?php foreach ($lines as $line): ?>
  <li><?= htmlspecialchars($line, ENT_QUOTES) ?></li>
<?php endforeach ?>
</ul>
