<?php
/**
 * Signatures of Standard Webhooks (https://www.standardwebhooks.com), by which this application and the broker know
 * each other. Both have the same secret in WSBROKER_SECRET; without one nothing is signed.
 */
declare(strict_types=1);

const MAX_CLOCK_SKEW_SECONDS = 300;

/** The keys of the secret, or of two with a comma between them while one takes over from the other. */
function signature_keys(): array
{
    $secrets = getenv('WSBROKER_SECRET');
    $keys = [];
    foreach ($secrets === false ? [] : explode(',', $secrets) as $secret) {
        $key = preg_match('/^\s*whsec_(\S+)\s*$/D', $secret, $parts) === 1 ? base64_decode($parts[1], true) : false;
        if ($key === false || strlen($key) < 24) {
            throw new RuntimeException('WSBROKER_SECRET is not usable: expected "whsec_" and 24 or more bytes in base64.');
        }
        $keys[] = $key;
    }
    return $keys;
}

function signature(string $key, string $id, string $timestamp, string $body): string
{
    return 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
}

/** Whether the request that this page answers is signed. `$body` is its body as it came: `php://input`. */
function is_signed(array $keys, string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (preg_match('/^[!-\-\/-~]+ \d{1,12}$/D', "$id $timestamp") !== 1) {
        return false;
    }
    if (abs(time() - (int) $timestamp) > MAX_CLOCK_SKEW_SECONDS) {
        return false;
    }
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '', 16) as $given) {
        foreach ($keys as $key) {
            if (hash_equals(signature($key, $id, $timestamp, $body), $given)) {
                return true;
            }
        }
    }
    return false;
}

/** What a POST to the broker is signed with: header lines for curl. The broker takes each id once. */
function signed_headers(array $keys, string $body): array
{
    $id = bin2hex(random_bytes(16));
    $timestamp = (string) time();
    $signatures = array_map(static fn (string $key): string => signature($key, $id, $timestamp, $body), $keys);
    return $keys === [] ? [] : [
        "webhook-id: $id",
        "webhook-timestamp: $timestamp",
        'webhook-signature: ' . implode(' ', $signatures),
    ];
}
