<?php
/** The chat's database, and events that come again. */
declare(strict_types=1);

/** A broker with a journal tries an event for a day. */
const KEEP_EVENTS_SECONDS = 25 * 60 * 60;

/** A file outside of the folder that the web server serves. */
function database(): PDO
{
    $file = getenv('CHAT_DATABASE') ?: dirname(__DIR__) . '/chat.sqlite';
    $database = new PDO("sqlite:$file", null, null, [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::ATTR_TIMEOUT => 10, // Seconds that it waits while another request writes.
    ]);
    $database->exec('PRAGMA journal_mode = WAL');
    $database->exec('CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, commands TEXT, at INTEGER)');
    $database->exec('CREATE INDEX IF NOT EXISTS events_at ON events (at)');
    $database->exec('CREATE TABLE IF NOT EXISTS lines (name TEXT, text TEXT, at INTEGER)');
    return $database;
}

/**
 * Handles an event, or gives the commands of the first time if it has come before.
 *
 * The broker sends an event again, with the same id, when it did not get the answer. The id, the commands and
 * all that `$handle` writes to this database are committed as one: after a crash there is all of it, or nothing.
 */
function once(PDO $database, ?string $id, callable $handle): string
{
    // Immediate: a second request with the same id waits here until the first is done.
    $database->exec('BEGIN IMMEDIATE');
    try {
        $known = $database->prepare('SELECT commands FROM events WHERE id = ?');
        $known->execute([$id]);
        $commands = $known->fetchColumn();
        if ($commands === false) {
            $commands = json_encode($handle(), JSON_THROW_ON_ERROR);
            // An old broker sends no id.
            if ($id !== null) {
                $insert = $database->prepare('INSERT INTO events VALUES (?, ?, ?)');
                $insert->execute([$id, $commands, time()]);
                $database->exec('DELETE FROM events WHERE at < ' . (time() - KEEP_EVENTS_SECONDS));
            }
        }
        $known->closeCursor();
        $database->exec('COMMIT');
        return $commands;
    } catch (Throwable $error) {
        $database->exec('ROLLBACK');
        throw $error;
    }
}
