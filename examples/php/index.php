<?php
declare(strict_types=1);

require __DIR__ . '/broker.php';

header("Content-Security-Policy: default-src 'self'; img-src data:; connect-src ws: wss:");
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chat on PHP</title>
<link rel="stylesheet" href="chat.css">
<link rel="icon" href="data:,">
<body data-broker-port="<?= broker_port() ?>">

<h1>Chat on PHP</h1>
<p><span id="status" role="status">connecting</span> · <a href="list.php" target="_blank">who is here</a></p>

<ol id="lines" role="log" aria-label="Chat"></ol>

<form id="say">
  <input name="text" aria-label="Message" placeholder="Say something" maxlength="500" autocomplete="off" required autofocus>
  <button>Send</button>
</form>
<form id="name">
  <input name="name" aria-label="Your name" placeholder="Your name" maxlength="40" autocomplete="nickname" required>
  <button>Change name</button>
  <button id="bye" type="button">Leave</button>
</form>

<script src="wsbroker.global.js"></script>
<script src="chat.js"></script>
