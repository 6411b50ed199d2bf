<?php
/**
 * The backend: the broker POSTs every event here, and runs the list of commands that this page prints.
 *
 * When many users do something at once, one POST brings several of their events.
 *
 * What a connection needs to remember (its name, its room) is kept by the broker in `sessionInfo`, and comes
 * along with every event. What was said is kept in a database.
 */
declare(strict_types=1);

require __DIR__ . '/once.php';
require __DIR__ . '/signature.php';

const ROOM = 'lobby';
const MAX_BATCH = 50;

// Whoever can POST here can pretend to be a user. With the broker on another machine, name its address.
if (!in_array($_SERVER['REMOTE_ADDR'], ['127.0.0.1', '::1'], true)) {
    http_response_code(403);
    exit("Only the broker may POST events here.\n");
}

// For as long as there is no answer: after an error PHP may say 200, which tells the broker that all is done.
// After a 500 it sends the event again.
http_response_code(500);
$keys = signature_keys();
if ($keys !== [] && !is_signed($keys, file_get_contents('php://input'))) {
    http_response_code(401);
    exit("The event is not signed with the secret, or not at this time.\n");
}

// So many events may come in one POST. Without this header each comes in a POST of its own.
header('wsbroker-batch: ' . MAX_BATCH);
$database = database();

if (isset($_POST['events'])) {
    $events = posted_json('events') ?? [];
    $answers = array_map(static fn ($event): string => answer_or_null($database, $event), $events);
    $answer = '[' . implode(',', $answers) . ']';
} else {
    $answer = answer($database, [
        'id' => $_SERVER['HTTP_WEBHOOK_ID'] ?? null,
        'message' => posted_json('message'),
        'connection' => posted_json('connection'),
        'request' => $_SERVER['HTTP_WSBROKER_REQUEST'] ?? null,
    ]);
    if ($answer === null) {
        http_response_code(400);
        exit("Expected the form fields message and connection, both JSON, as the broker sends them.\n");
    }
}
http_response_code(200);
header('Content-Type: application/json');
echo $answer;

/** The commands for one event, as JSON; null if it is no event. */
function answer(PDO $database, array $event): ?string
{
    $message = $event['message'] ?? null;
    $connection = $event['connection'] ?? null;
    if (!is_array($message) || !is_array($connection)) {
        return null;
    }
    // A request, which the client makes with `client.request()`, has a number.
    $is_request = isset($event['request']);
    return once($database, $event['id'] ?? null, function () use ($database, $message, $connection, $is_request) {
        return commands_for($database, $message, $connection, $is_request);
    });
}

/** The same for one of several, which must not cost the others anything: after `null` it comes again, alone. */
function answer_or_null(PDO $database, $event): string
{
    try {
        return (is_array($event) ? answer($database, $event) : null) ?? 'null';
    } catch (Throwable $error) {
        error_log((string) $error);
        return 'null';
    }
}

/** The answer to an event: always a list of commands, even of one or none. */
function commands_for(PDO $database, array $message, array $connection, bool $is_request): array
{
    $name = (string) ($connection['name'] ?? 'Somebody');

    switch ($message['type'] ?? null) {
        case 'session-connect':
            $name = 'Guest ' . random_int(1000, 9999);
            return [
                ['type' => 'session', 'data' => ['name' => $name, 'room' => ROOM]],
                to_sender(['type' => 'welcome', 'name' => $name]),
                to_room(['type' => 'joined', 'name' => $name]),
            ];

        case 'client-name':
            $new_name = text_of($message, 'name', 40);
            if ($new_name === null) {
                return [refusal('A name has 1 to 40 characters.')];
            }
            return [
                ['type' => 'session', 'data' => ['name' => $new_name]],
                to_room(['type' => 'renamed', 'from' => $name, 'to' => $new_name]),
            ];

        case 'client-say':
            $text = text_of($message, 'text', 500);
            if ($text === null) {
                return [refusal('A message has 1 to 500 characters.')];
            }
            $insert = $database->prepare('INSERT INTO lines VALUES (?, ?, ?)');
            $insert->execute([$name, $text, time()]);
            return [to_room(['type' => 'said', 'name' => $name, 'text' => $text, 'at' => time()])];

        case 'client-history':
            // A request is answered with one `reply`.
            if (!$is_request) {
                return [refusal('The history is a request: ask with client.request().')];
            }
            $lines = $database->query('SELECT name, text, at FROM lines ORDER BY rowid DESC LIMIT 20');
            return [['type' => 'reply', 'message' => ['lines' => array_reverse($lines->fetchAll(PDO::FETCH_ASSOC))]]];

        case 'client-bye':
            return [['type' => 'close', 'code' => 1000, 'reason' => 'See you']];

        case 'session-disconnect':
            return [to_room(['type' => 'left', 'name' => $name])];

        default:
            return [refusal('This backend knows the messages name, say and bye, and the request history.')];
    }
}

/** Without `match`, a command means the connection that caused the event. */
function to_sender(array $message): array
{
    return ['type' => 'send', 'message' => $message];
}

function to_room(array $message): array
{
    return ['type' => 'send', 'match' => ['room' => ROOM], 'message' => $message];
}

function refusal(string $text): array
{
    return to_sender(['type' => 'refused', 'text' => $text]);
}

/** A field that a user has typed: a text of a sensible length without control characters, or null. */
function text_of(array $message, string $field, int $max_characters): ?string
{
    $text = $message[$field] ?? null;
    if (!is_string($text)) {
        return null;
    }
    $text = trim($text);
    return preg_match('/^[^\p{Cc}]{1,' . $max_characters . '}$/Du', $text) === 1 ? $text : null;
}

/** A form field that holds a JSON object, or null. */
function posted_json(string $field): ?array
{
    $json = $_POST[$field] ?? null;
    $value = is_string($json) ? json_decode($json, true) : null;
    return is_array($value) ? $value : null;
}
