<?php
/** How this application reaches its broker. */
declare(strict_types=1);

require_once __DIR__ . '/signature.php';

/** The port of the broker, for WebSockets and commands alike. */
function broker_port(): int
{
    return (int) (getenv('WSBROKER_PORT') ?: 31002);
}

/**
 * Sends commands to the broker, and returns their results in the same order.
 *
 * The broker takes them only from addresses that its `--allow` names.
 */
function broker_commands(array $commands): array
{
    // A string. An array here would be sent as multipart/form-data, which the broker refuses.
    $body = http_build_query(['data' => json_encode($commands, JSON_THROW_ON_ERROR)]);
    $request = curl_init('http://127.0.0.1:' . broker_port() . '/');
    curl_setopt_array($request, [
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => signed_headers(signature_keys(), $body),
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CONNECTTIMEOUT => 2,
        CURLOPT_TIMEOUT => 10,
        // The broker refuses commands that come through a proxy.
        CURLOPT_NOPROXY => '*',
    ]);
    $text = curl_exec($request);
    if ($text === false) {
        throw new RuntimeException('The broker cannot be reached: ' . curl_error($request));
    }
    $answer = json_decode($text, true);
    if (curl_getinfo($request, CURLINFO_RESPONSE_CODE) !== 200 || !is_array($answer)) {
        throw new RuntimeException('The broker refused: ' . ($answer['error']['message'] ?? $text));
    }
    return $answer;
}
